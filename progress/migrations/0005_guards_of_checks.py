"""Triggers: a draw stays as it was drawn, a spot check gets one result, from somebody without a part in its entry.

Demonstration data is the one exception, as elsewhere: its rows may be deleted.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION progress_guard_draw() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND (SELECT is_demo FROM accounts_user WHERE id = OLD.drawn_by_id) THEN RETURN OLD; END IF;
    PERFORM progress_refuse('draws are append-only');
END $$;
CREATE TRIGGER draw_append_only BEFORE UPDATE OR DELETE ON progress_draw
FOR EACH ROW EXECUTE FUNCTION progress_guard_draw();

CREATE FUNCTION progress_guard_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry record;
BEGIN
    SELECT * INTO entry FROM progress_progressentry
    WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.entry_id ELSE OLD.entry_id END;
    IF TG_OP = 'DELETE' THEN
        IF NOT entry.is_demo THEN PERFORM progress_refuse('what was drawn stays drawn'); END IF;
        RETURN OLD;
    END IF;
    IF entry.status <> 'verified' OR entry.origin <> 'typed' THEN
        PERFORM progress_refuse('only what was typed and verified is checked');
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.result <> '' THEN PERFORM progress_refuse('the result of a check is final'); END IF;
    IF TG_OP = 'UPDATE' AND (NEW.entry_id, NEW.draw_id) IS DISTINCT FROM (OLD.entry_id, OLD.draw_id) THEN
        PERFORM progress_refuse('what was drawn stays drawn');
    END IF;
    IF NEW.checked_by_id IN (entry.entered_by_id, entry.submitted_by_id, entry.reviewed_by_id, entry.verified_by_id)
    THEN
        PERFORM progress_refuse('whoever had a part in an entry does not check it');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER spotcheck_guard BEFORE INSERT OR UPDATE OR DELETE ON progress_spotcheck
FOR EACH ROW EXECUTE FUNCTION progress_guard_check();
"""

BACKWARD = """
DROP TRIGGER spotcheck_guard ON progress_spotcheck;
DROP TRIGGER draw_append_only ON progress_draw;
DROP FUNCTION progress_guard_check, progress_guard_draw;
"""


class Migration(migrations.Migration):
    dependencies = [("progress", "0004_the_bureau_day")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
