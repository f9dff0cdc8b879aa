"""Triggers: a chain is append-only, and newly subsided land without a duty to treat it cannot be.

Demonstration data is the one exception: its chains go with their parcels.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION subsidence_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION subsidence_guard_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.is_demo THEN
        RETURN OLD;
    END IF;
    PERFORM subsidence_refuse('the chain of a parcel is append-only');
END $$;
CREATE TRIGGER parcelstage_append_only BEFORE UPDATE OR DELETE ON subsidence_parcelstage
FOR EACH ROW EXECUTE FUNCTION subsidence_guard_chain();

-- what was decided stays as it was decided; one of which nothing came goes with a parcel that is struck off the list
CREATE FUNCTION subsidence_guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status = 'approved' AND NOT OLD.is_demo THEN
            PERFORM subsidence_refuse('an approved request stays on record');
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'pending' THEN PERFORM subsidence_refuse('a request stays as it was decided'); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stagerequest_guard BEFORE UPDATE OR DELETE ON subsidence_stagerequest
FOR EACH ROW EXECUTE FUNCTION subsidence_guard_request();

-- newly subsided land: asked at the end of the transaction, when its duty must be there
CREATE FUNCTION subsidence_guard_duty() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parcel bigint;
BEGIN
    -- in two statements: a row has no columns of the other table, not even in a branch not taken
    IF TG_TABLE_NAME = 'subsidence_parcel' THEN
        parcel := NEW.id;
    ELSE
        parcel := OLD.parcel_id;
    END IF;
    IF EXISTS (SELECT FROM subsidence_parcel WHERE id = parcel AND origin = 'new')
        AND NOT EXISTS (SELECT FROM subsidence_treatmentduty d WHERE d.parcel_id = parcel) THEN
        PERFORM subsidence_refuse('newly subsided land needs a duty to treat it');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER parcel_new_has_duty AFTER INSERT OR UPDATE OF origin ON subsidence_parcel
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION subsidence_guard_duty();
CREATE CONSTRAINT TRIGGER duty_of_new_parcel AFTER DELETE OR UPDATE OF parcel_id ON subsidence_treatmentduty
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION subsidence_guard_duty();

-- where a parcel lies, whose it is and when it subsided is what its figures were posted by
CREATE FUNCTION subsidence_guard_parcel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.mine_id, NEW.project_id, NEW.region_id, NEW.origin) IS DISTINCT FROM
            (OLD.mine_id, OLD.project_id, OLD.region_id, OLD.origin)
        AND EXISTS (SELECT FROM subsidence_parcelstage WHERE parcel_id = OLD.id) THEN
        PERFORM subsidence_refuse('a parcel with a chain stays where and whose it is');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER parcel_guard BEFORE UPDATE ON subsidence_parcel
FOR EACH ROW EXECUTE FUNCTION subsidence_guard_parcel();
"""

BACKWARD = """
DROP TRIGGER parcel_guard ON subsidence_parcel;
DROP TRIGGER parcel_new_has_duty ON subsidence_parcel;
DROP TRIGGER duty_of_new_parcel ON subsidence_treatmentduty;
DROP TRIGGER stagerequest_guard ON subsidence_stagerequest;
DROP TRIGGER parcelstage_append_only ON subsidence_parcelstage;
DROP FUNCTION subsidence_guard_parcel(), subsidence_guard_duty(), subsidence_guard_request(), subsidence_guard_chain();
DROP FUNCTION subsidence_refuse(text);
"""


class Migration(migrations.Migration):
    dependencies = [("subsidence", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
