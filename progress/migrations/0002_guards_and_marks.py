"""Triggers: what is verified or posted refuses change, and the ledger marks what the cells do not hold yet.

Demonstration data is the one exception: its rows may be deleted, so that a demonstration leaves no trace. Deleting a
ledger line marks its amount with the opposite sign, so cells + marks = ledger holds on that way too.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION progress_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = 'restrict_violation';
END $$;

-- entries: verified is final, only a draft may be deleted
CREATE FUNCTION progress_guard_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status = 'verified' THEN PERFORM progress_refuse('a verified entry is final'); END IF;
        RETURN NEW;
    END IF;
    IF OLD.status <> 'draft' AND NOT OLD.is_demo THEN PERFORM progress_refuse('only a draft may be deleted'); END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER progressentry_guard BEFORE UPDATE OR DELETE ON progress_progressentry
FOR EACH ROW EXECUTE FUNCTION progress_guard_entry();

-- evidence: final with its entry
CREATE FUNCTION progress_guard_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry record;
BEGIN
    IF TG_OP = 'UPDATE' THEN PERFORM progress_refuse('evidence is added or taken off, never moved'); END IF;
    SELECT status, is_demo INTO entry FROM progress_progressentry
    WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.entry_id ELSE OLD.entry_id END;
    IF entry.status = 'verified' AND NOT (TG_OP = 'DELETE' AND entry.is_demo) THEN
        PERFORM progress_refuse('the evidence of a verified entry is final');
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER evidence_guard BEFORE INSERT OR UPDATE OR DELETE ON progress_evidence
FOR EACH ROW EXECUTE FUNCTION progress_guard_evidence();

-- ledger: append-only, and marked in the same transaction whatever the path
CREATE FUNCTION progress_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND (SELECT is_demo FROM progress_progressentry WHERE id = OLD.entry_id) THEN
        RETURN OLD;
    END IF;
    PERFORM progress_refuse('the ledger is append-only');
END $$;
CREATE TRIGGER ledgerline_append_only BEFORE UPDATE OR DELETE ON progress_ledgerline
FOR EACH ROW EXECUTE FUNCTION progress_guard_line();

CREATE FUNCTION progress_mark_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO progress_pendingdelta (series_id, month, amount, reports)
    SELECT series_id, month, sum(amount), sum(reports) FROM changed GROUP BY series_id, month;
    RETURN NULL;
END $$;
CREATE TRIGGER ledgerline_mark_added AFTER INSERT ON progress_ledgerline
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_mark_added();

CREATE FUNCTION progress_mark_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO progress_pendingdelta (series_id, month, amount, reports)
    SELECT series_id, month, -sum(amount), -sum(reports) FROM changed GROUP BY series_id, month;
    RETURN NULL;
END $$;
CREATE TRIGGER ledgerline_mark_deleted AFTER DELETE ON progress_ledgerline
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_mark_deleted();

-- series and targets: they fit the project they belong to
CREATE FUNCTION progress_guard_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    project record;
    indicator record;
BEGIN
    SELECT region_id, work_line INTO project FROM projects_project WHERE id = NEW.project_id;
    SELECT kind, work_line INTO indicator FROM progress_indicator WHERE id = NEW.indicator_id;
    IF project.work_line <> indicator.work_line THEN
        PERFORM progress_refuse('the indicator belongs to another work line than the project');
    END IF;
    IF TG_TABLE_NAME = 'progress_series' THEN
        IF indicator.kind = 'ratio' THEN PERFORM progress_refuse('a ratio is computed, never reported'); END IF;
        IF NOT starts_with(NEW.region_id, project.region_id) THEN
            PERFORM progress_refuse('the series lies outside its project''s region');
        END IF;
    ELSIF NEW.region_id <> project.region_id THEN
        PERFORM progress_refuse('the target of a project lies where the project lies');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER series_fit BEFORE INSERT OR UPDATE ON progress_series
FOR EACH ROW EXECUTE FUNCTION progress_guard_fit();
CREATE TRIGGER target_fit BEFORE INSERT OR UPDATE ON progress_target
FOR EACH ROW WHEN (NEW.project_id IS NOT NULL) EXECUTE FUNCTION progress_guard_fit();

-- series and indicators: what the ledger's meaning rests on freezes at the first line
CREATE FUNCTION progress_guard_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.project_id, NEW.indicator_id, NEW.region_id, NEW.frequency, NEW.origin) IS DISTINCT FROM
            (OLD.project_id, OLD.indicator_id, OLD.region_id, OLD.frequency, OLD.origin)
        AND EXISTS (SELECT FROM progress_ledgerline WHERE series_id = OLD.id) THEN
        PERFORM progress_refuse('a series with ledger lines stays as it is');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER series_guard BEFORE UPDATE ON progress_series
FOR EACH ROW EXECUTE FUNCTION progress_guard_series();

CREATE FUNCTION progress_guard_indicator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.kind, NEW.unit, NEW.work_line) IS DISTINCT FROM (OLD.kind, OLD.unit, OLD.work_line)
        AND EXISTS (
            SELECT FROM progress_ledgerline line JOIN progress_series s ON s.id = line.series_id
            WHERE s.indicator_id = OLD.id
        ) THEN
        PERFORM progress_refuse('an indicator with ledger lines keeps its kind, unit and work line');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER indicator_guard BEFORE UPDATE ON progress_indicator
FOR EACH ROW EXECUTE FUNCTION progress_guard_indicator();

-- target versions and their plan: append-only
CREATE FUNCTION progress_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.is_demo THEN RETURN OLD; END IF;
    PERFORM progress_refuse('target versions are append-only');
END $$;
CREATE TRIGGER targetversion_append_only BEFORE UPDATE OR DELETE ON progress_targetversion
FOR EACH ROW EXECUTE FUNCTION progress_guard_version();

CREATE FUNCTION progress_guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND (SELECT is_demo FROM progress_targetversion WHERE id = OLD.version_id) THEN
        RETURN OLD;
    END IF;
    PERFORM progress_refuse('plan points are append-only');
END $$;
CREATE TRIGGER planpoint_append_only BEFORE UPDATE OR DELETE ON progress_planpoint
FOR EACH ROW EXECUTE FUNCTION progress_guard_plan();
"""

BACKWARD = """
DROP TRIGGER planpoint_append_only ON progress_planpoint;
DROP TRIGGER targetversion_append_only ON progress_targetversion;
DROP TRIGGER indicator_guard ON progress_indicator;
DROP TRIGGER series_guard ON progress_series;
DROP TRIGGER target_fit ON progress_target;
DROP TRIGGER series_fit ON progress_series;
DROP TRIGGER ledgerline_mark_deleted ON progress_ledgerline;
DROP TRIGGER ledgerline_mark_added ON progress_ledgerline;
DROP TRIGGER ledgerline_append_only ON progress_ledgerline;
DROP TRIGGER evidence_guard ON progress_evidence;
DROP TRIGGER progressentry_guard ON progress_progressentry;
DROP FUNCTION progress_guard_plan, progress_guard_version, progress_guard_indicator, progress_guard_series,
    progress_guard_fit, progress_mark_deleted, progress_mark_added, progress_guard_line, progress_guard_evidence,
    progress_guard_entry, progress_refuse;
"""


class Migration(migrations.Migration):
    dependencies = [("progress", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
