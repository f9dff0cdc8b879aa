"""Reports due (应报项): each typed series with each period of its frequency, reported or not."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import OuterRef, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, scope_q
from progress.models.entries import ProgressEntry
from progress.models.indicators import Series
from progress.models.ledger import LedgerLine
from progress.models.periods import Period


class SeriesPeriodQuerySet(models.QuerySet["SeriesPeriod"]):
    def visible_to(self, user: User | AnonymousUser) -> SeriesPeriodQuerySet:
        return self.filter(scope_q(user, Action.VIEW, line="series__project__work_line", region="series__region"))

    def with_labels(self) -> SeriesPeriodQuerySet:
        """Joined with all that a line about one prints."""
        return self.select_related("series__project", "series__indicator", "series__region", "period", "entry")

    def with_cumulative(self) -> SeriesPeriodQuerySet:
        """With `cumulative`, Σ ledger of the series over the periods that ended before; None where there is no line."""
        before = LedgerLine.objects.filter(series=OuterRef("series"), ends__lt=OuterRef("period__end_on"))
        sums = before.order_by().values("series").annotate(sum=Sum("amount")).values("sum")
        return self.annotate(cumulative=Subquery(sums))


class SeriesPeriod(models.Model):
    """One typed series for one period of its frequency, with the newest revision of its entry if there is one.

    A view of the database, made in a migration: nothing is stored, so nothing can be forgotten or be out of date.
    """

    id = models.BigIntegerField(primary_key=True)
    series = models.ForeignKey(Series, models.DO_NOTHING, verbose_name=_("填报项"), related_name="+")
    period = models.ForeignKey(Period, models.DO_NOTHING, verbose_name=_("调度期"), related_name="+")
    entry = models.ForeignKey(ProgressEntry, models.DO_NOTHING, null=True, verbose_name=_("进度填报"), related_name="+")

    objects: ClassVar[SeriesPeriodQuerySet] = SeriesPeriodQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        managed = False
        verbose_name = _("应报项")
        verbose_name_plural = _("应报项")

    def __str__(self) -> str:
        return f"{self.series} · {self.period}"
