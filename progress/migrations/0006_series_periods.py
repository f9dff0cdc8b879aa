"""The view behind SeriesPeriod; its key is told apart by the series, and within one by the period."""

from django.db import migrations

FORWARD = """
CREATE VIEW progress_seriesperiod AS
SELECT s.id * 100000000 + p.id AS id, s.id AS series_id, p.id AS period_id, newest.id AS entry_id
FROM progress_series s
    JOIN progress_period p ON p.kind = s.frequency
    LEFT JOIN (
        SELECT e.id, e.series_id, e.period_id FROM progress_progressentry e
        WHERE e.fact = '' AND NOT EXISTS (
            SELECT FROM progress_progressentry later
            WHERE later.series_id = e.series_id AND later.period_id = e.period_id AND later.fact = ''
                AND later.revision > e.revision
        )
    ) newest ON newest.series_id = s.id AND newest.period_id = p.id
WHERE s.origin = 'typed'
"""


class Migration(migrations.Migration):
    dependencies = [("progress", "0005_guards_of_checks")]
    operations = [migrations.RunSQL(FORWARD, "DROP VIEW progress_seriesperiod")]
