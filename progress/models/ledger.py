"""The ledger (台账) of verified amounts, the marks of what is not yet rolled up, and the rolled-up cells.

Only progress.rollups writes the marks' and cells' totals; the marks are written by a trigger on the ledger.
"""

from django.db import models

from jurisdictions.models import Region
from progress.models.entries import ProgressEntry
from progress.models.indicators import Indicator, Series
from projects.models import Project


class LedgerLine(models.Model):
    """One signed amount in the indicator's unit, posted to a month; append-only, by trigger.

    Project, indicator and region repeat the series' own: plain columns, because foreign keys are what limits imports;
    the nightly proof compares them.
    """

    series = models.ForeignKey(Series, models.PROTECT, related_name="lines")
    entry = models.ForeignKey(ProgressEntry, models.PROTECT, related_name="lines")
    project_id = models.BigIntegerField()
    indicator_id = models.BigIntegerField()
    region_code = models.CharField(max_length=12)
    month = models.DateField()
    ends = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    posted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount:+}"


class PendingDelta(models.Model):
    """Grouped amounts of one (series, month) that the cells do not hold yet; without foreign keys on purpose."""

    series = models.ForeignKey(Series, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    month = models.DateField()
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    lines = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount:+}"


class RegionRollup(models.Model):
    """Σ ledger of one indicator in one month over a region and all below it."""

    region = models.ForeignKey(Region, models.PROTECT, db_index=False, related_name="+")
    indicator = models.ForeignKey(Indicator, models.PROTECT, db_index=False, related_name="+")
    month = models.DateField()
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    lines = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="region_cell", fields=["region", "indicator", "month"])]

    def __str__(self) -> str:
        return f"{self.region_id} {self.month:%Y-%m} {self.amount}"


class ProjectRollup(models.Model):
    """Σ ledger of one indicator in one month over one project."""

    project = models.ForeignKey(Project, models.PROTECT, db_index=False, related_name="+")
    indicator = models.ForeignKey(Indicator, models.PROTECT, db_index=False, related_name="+")
    month = models.DateField()
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    lines = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="project_cell", fields=["project", "indicator", "month"])]

    def __str__(self) -> str:
        return f"{self.project_id} {self.month:%Y-%m} {self.amount}"
