"""Entries refer by triggers that look once at each row named by a statement, instead of by seven foreign keys.

What a foreign key does, they do: nothing is referred to that is not there; what is referred to is locked until the
transaction ends, so that nobody deletes it meanwhile; and what somebody refers to when a transaction ends stays.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION progress_guard_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT series_id AS id FROM changed) named
        LEFT JOIN LATERAL (SELECT id FROM progress_series WHERE id = named.id FOR KEY SHARE) found ON true
        WHERE found.id IS NULL
    ) THEN
        RAISE EXCEPTION 'an entry refers to no series' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT period_id AS id FROM changed) named
        LEFT JOIN LATERAL (SELECT id FROM progress_period WHERE id = named.id FOR KEY SHARE) found ON true
        WHERE found.id IS NULL
    ) THEN
        RAISE EXCEPTION 'an entry refers to no period' USING ERRCODE = 'foreign_key_violation';
    END IF;
    -- Few people do much: their combinations first, then the people in them.
    IF EXISTS (
        SELECT FROM (
            SELECT DISTINCT unnest(together) AS id FROM (
                SELECT DISTINCT ARRAY[entered_by_id, submitted_by_id, reviewed_by_id, verified_by_id, returned_by_id]
                FROM changed
            ) combined (together)
        ) named
        LEFT JOIN LATERAL (SELECT id FROM accounts_user WHERE id = named.id FOR KEY SHARE) found ON true
        WHERE named.id IS NOT NULL AND found.id IS NULL
    ) THEN
        RAISE EXCEPTION 'an entry refers to no user' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER progressentry_references_added AFTER INSERT ON progress_progressentry
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_guard_references();
CREATE TRIGGER progressentry_references_changed AFTER UPDATE ON progress_progressentry
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_guard_references();

CREATE FUNCTION progress_guard_referenced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.id = OLD.id THEN RETURN NULL; END IF;
    -- An older snapshot would not show what was referred to since.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION '% is deleted from in READ COMMITTED only', TG_TABLE_NAME
            USING ERRCODE = 'serialization_failure';
    END IF;
    IF (CASE TG_TABLE_NAME
        WHEN 'progress_series' THEN EXISTS (SELECT FROM progress_progressentry WHERE series_id = OLD.id)
        WHEN 'progress_period' THEN EXISTS (SELECT FROM progress_progressentry WHERE period_id = OLD.id)
        ELSE EXISTS (
            SELECT FROM progress_progressentry
            WHERE OLD.id IN (entered_by_id, submitted_by_id, reviewed_by_id, verified_by_id, returned_by_id)
        )
    END) THEN
        RAISE EXCEPTION 'an entry refers to % of %', OLD.id, TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER series_referenced AFTER DELETE OR UPDATE OF id ON progress_series
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION progress_guard_referenced();
CREATE CONSTRAINT TRIGGER period_referenced AFTER DELETE OR UPDATE OF id ON progress_period
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION progress_guard_referenced();
CREATE CONSTRAINT TRIGGER user_referenced AFTER DELETE OR UPDATE OF id ON accounts_user
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION progress_guard_referenced();
"""

BACKWARD = """
DROP TRIGGER user_referenced ON accounts_user;
DROP TRIGGER period_referenced ON progress_period;
DROP TRIGGER series_referenced ON progress_series;
DROP TRIGGER progressentry_references_changed ON progress_progressentry;
DROP TRIGGER progressentry_references_added ON progress_progressentry;
DROP FUNCTION progress_guard_referenced, progress_guard_references;
"""

KEYS: dict[str, tuple[str, dict[str, Any]]] = {
    "series": ("progress.series", {"db_index": False, "related_name": "entries", "verbose_name": "填报项"}),
    "period": ("progress.period", {"related_name": "entries", "verbose_name": "调度期"}),
    **{
        f"{step}_by": (
            settings.AUTH_USER_MODEL,
            {"db_index": False, "null": True, "related_name": "+", "verbose_name": name},
        )
        for step, name in {
            "entered": "填报人",
            "submitted": "报送人",
            "reviewed": "审核人",
            "verified": "核定人",
            "returned": "退回人",
        }.items()
    },
}


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_messages_and_saved_filters"), ("progress", "0008_parts_and_what_counts")]

    operations = [
        *(
            migrations.AlterField(
                "progressentry",
                name,
                models.ForeignKey(to=to, on_delete=django.db.models.deletion.PROTECT, db_constraint=False, **options),
            )
            for name, (to, options) in KEYS.items()
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
