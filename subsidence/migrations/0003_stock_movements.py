"""The view behind StockMovement: the surveys and closings of every chain, with the holder, county and month."""

from django.db import migrations

FORWARD = """
CREATE VIEW subsidence_stockmovement AS
SELECT
    s.id AS step_id,
    s.parcel_id,
    p.mine_id,
    left(p.region_id, 6)::varchar(12) AS county_id,
    date_trunc('month', s.on)::date AS month,
    CASE
        WHEN s.stage = 'closed' THEN 'closed'
        WHEN EXISTS (
            SELECT FROM subsidence_parcelstage earlier
            WHERE earlier.parcel_id = s.parcel_id AND earlier.stage = 'surveyed' AND earlier.id < s.id
        ) THEN 'resurveyed'
        WHEN p.origin = 'new' THEN 'subsided'
        ELSE 'found'
    END AS kind,
    CASE WHEN s.stage = 'closed' THEN -s.area ELSE s.area END AS area
FROM subsidence_parcelstage s
    JOIN subsidence_parcel p ON p.id = s.parcel_id
WHERE s.stage IN ('surveyed', 'closed')
"""


class Migration(migrations.Migration):
    dependencies = [("subsidence", "0002_guards")]
    operations = [migrations.RunSQL(FORWARD, "DROP VIEW subsidence_stockmovement")]
