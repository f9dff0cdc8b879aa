"""The audit trail refuses change, and every event is marked until it is sealed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER auditevent_append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();

CREATE TRIGGER auditseal_append_only BEFORE UPDATE OR DELETE ON accounts_auditseal
FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();

CREATE FUNCTION accounts_mark_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_unsealedevent (event_id) SELECT id FROM added;
    RETURN NULL;
END $$;

CREATE TRIGGER auditevent_mark_unsealed AFTER INSERT ON accounts_auditevent
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION accounts_mark_unsealed();
"""

BACKWARD = """
DROP TRIGGER auditevent_mark_unsealed ON accounts_auditevent;
DROP FUNCTION accounts_mark_unsealed();
DROP TRIGGER auditseal_append_only ON accounts_auditseal;
DROP TRIGGER auditevent_append_only ON accounts_auditevent;
DROP FUNCTION accounts_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
