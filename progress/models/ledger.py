"""The ledger (台账) of verified amounts, the marks of what is not yet rolled up, and the rolled-up cells.

Only progress.rollups writes the marks' and cells' totals; the marks are written by a trigger on the ledger.
"""

from decimal import Decimal

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _

from jurisdictions.models import Region
from progress.models.entries import ProgressEntry
from progress.models.indicators import Indicator, Series
from projects.models import Project


class LineNature(models.TextChoices):
    """What a ledger line does to the figure."""

    STATED = "stated", _("入账")
    RESTATED = "restated", _("更正")
    REVERSED = "reversed", _("冲销")
    LEVELLED = "levelled", _("调平")


class LedgerLine(models.Model):
    """One signed amount in the indicator's unit, posted to a month; append-only, by trigger.

    Project, indicator and region repeat the series' own: plain columns, because foreign keys are what limits imports;
    the nightly proof compares them.
    """

    series = models.ForeignKey(Series, models.PROTECT, verbose_name=_("填报项"), related_name="lines")
    entry = models.ForeignKey(ProgressEntry, models.PROTECT, verbose_name=_("进度填报"), related_name="lines")
    project_id = models.BigIntegerField(_("项目编号"))
    indicator_id = models.BigIntegerField(_("指标编号"))
    region_code = models.CharField(_("地区代码"), max_length=12)
    month = models.DateField(_("计入月份"))
    ends = models.DateField(_("期末日"))
    amount = models.DecimalField(_("入账数值"), max_digits=18, decimal_places=4)
    #: 1 for a line that states a report, −1 for one that takes it back, 0 for one that keeps a later level standing.
    reports = models.SmallIntegerField(_("报数"))
    posted_at = models.DateTimeField(_("入账时间"))

    class Meta:
        verbose_name = _("台账")
        verbose_name_plural = _("台账")
        # Lines lie in the order they were posted in, so a look back finds those posted since for a few kB of index.
        indexes = [BrinIndex(name="ledger_posted", fields=["posted_at"], pages_per_range=16, autosummarize=True)]
        constraints = [
            # NaN fits every NUMERIC column and is greater than any number.
            models.CheckConstraint(name="ledger_amount_is_a_number", condition=Q(amount__lt=Decimal(10) ** 14)),
            models.CheckConstraint(
                name="ledger_month_is_that_of_its_end", condition=Q(month=TruncMonth("ends", models.DateField()))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount:+}"

    @property
    def nature(self) -> LineNature:
        """A report stated or restated, one taken back, or a step that keeps a later level standing."""
        if self.reports > 0:
            return LineNature.RESTATED if self.entry.is_correction else LineNature.STATED
        # What a void left standing counts as no report, so taking it back takes none.
        takes_back_void = self.entry.is_correction and self.ends == self.entry.period.end_on
        return LineNature.REVERSED if self.reports < 0 or takes_back_void else LineNature.LEVELLED


class PendingDelta(models.Model):
    """Grouped amounts of one (series, month) that the cells do not hold yet; without foreign keys on purpose."""

    series = models.ForeignKey(
        Series, models.DO_NOTHING, verbose_name=_("填报项"), db_constraint=False, db_index=False, related_name="+"
    )
    month = models.DateField(_("计入月份"))
    amount = models.DecimalField(_("待汇总数值"), max_digits=24, decimal_places=4)
    reports = models.IntegerField(_("报数"))

    class Meta:
        verbose_name = _("待汇总")
        verbose_name_plural = _("待汇总")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount:+}"


class Cell(models.Model):
    """Σ ledger of one indicator in one month over one place; `reports` counts the reports that stand in it."""

    indicator = models.ForeignKey(Indicator, models.PROTECT, verbose_name=_("指标"), db_index=False, related_name="+")
    month = models.DateField(_("计入月份"))
    amount = models.DecimalField(_("汇总数值"), max_digits=24, decimal_places=4)
    reports = models.IntegerField(_("报数"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount}"


class RegionRollup(Cell):
    """A cell over a region and all below it."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), db_index=False, related_name="+")

    class Meta:
        verbose_name = _("地区汇总")
        verbose_name_plural = _("地区汇总")
        constraints = [models.UniqueConstraint(name="region_cell", fields=["region", "indicator", "month"])]


class ProjectRollup(Cell):
    """A cell over one project."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("项目"), db_index=False, related_name="+")

    class Meta:
        verbose_name = _("项目汇总")
        verbose_name_plural = _("项目汇总")
        constraints = [models.UniqueConstraint(name="project_cell", fields=["project", "indicator", "month"])]
