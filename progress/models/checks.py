"""Spot checks (抽查): verified entries drawn at random and looked at again by somebody who had no part in them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, scope_q
from jurisdictions.models import Region, WorkLine
from progress.models.entries import ProgressEntry
from progress.models.periods import Period


class DrawQuerySet(models.QuerySet["Draw"]):
    def visible_to(self, user: User | AnonymousUser) -> DrawQuerySet:
        """The draws of the person's own scope, and those that reached into it from above."""
        reaching = SpotCheck.objects.visible_to(user).values("draw")
        return self.filter(scope_q(user, Action.VIEW) | Q(pk__in=reaching))


class Draw(models.Model):
    """One random draw (抽查批次) of `size` among the verified entries of a period, region and work line.

    `candidates` are the keys of all that could have been drawn; with them and the `seed` anybody draws the same again
    (see sampling.py). Append-only, by trigger.
    """

    period = models.ForeignKey(Period, models.PROTECT, verbose_name=_("调度期"), related_name="draws")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="+")
    work_line = models.CharField(_("工作线"), max_length=12, choices=WorkLine)
    candidates = ArrayField(models.BigIntegerField(), verbose_name=_("候选填报"))
    size = models.PositiveIntegerField(_("抽取条数"))
    seed = models.CharField(_("随机种子"), max_length=64)
    drawn_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("抽取人"), related_name="+")
    drawn_at = models.DateTimeField(_("抽取时间"))

    objects: ClassVar[DrawQuerySet] = DrawQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("抽查批次")
        verbose_name_plural = _("抽查批次")
        constraints = [
            models.CheckConstraint(
                name="draw_size_is_of_its_candidates", condition=Q(size__gte=1, candidates__len__gte=models.F("size"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} · {self.region} · {self.get_work_line_display()}"

    def get_absolute_url(self) -> str:
        return reverse("draw", args=[self.pk])


class SpotCheckResult(models.TextChoices):
    CONFIRMED = "confirmed", _("属实")
    FAULTY = "faulty", _("不实")


class SpotCheckQuerySet(models.QuerySet["SpotCheck"]):
    def visible_to(self, user: User | AnonymousUser) -> SpotCheckQuerySet:
        line, region = "entry__series__project__work_line", "entry__series__region"
        return self.filter(scope_q(user, Action.VIEW, line=line, region=region))

    def about(self, entry: ProgressEntry) -> SpotCheckQuerySet:
        """The checks that drew the entry, or that it answers as a correction."""
        return self.filter(Q(entry=entry) | Q(correction=entry)).select_related(
            "draw__period", "draw__region", "checked_by"
        )


class SpotCheck(models.Model):
    """One drawn entry and what looking at it again found: confirmed, or faulty and being corrected.

    A result is final, by trigger, which also keeps those who had a part in the entry from giving it.
    """

    draw = models.ForeignKey(Draw, models.PROTECT, verbose_name=_("抽查批次"), related_name="checks")
    entry = models.OneToOneField(ProgressEntry, models.PROTECT, verbose_name=_("进度填报"), related_name="spot_check")
    result = models.CharField(_("结果"), max_length=9, choices=SpotCheckResult, blank=True)
    finding = models.CharField(_("核查情况"), max_length=200, blank=True)
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("核查人"), related_name="+")
    checked_at = models.DateTimeField(_("核查时间"), null=True)
    correction = models.OneToOneField(
        ProgressEntry, models.PROTECT, null=True, verbose_name=_("更正"), related_name="opened_by_check"
    )

    objects: ClassVar[SpotCheckQuerySet] = SpotCheckQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("抽查")
        verbose_name_plural = _("抽查")
        constraints = [
            models.CheckConstraint(
                name="spot_check_result_is_whole",
                condition=Q(result="", finding="", checked_by=None, checked_at=None, correction=None)
                | Q(result=SpotCheckResult.CONFIRMED, checked_by__isnull=False, checked_at__isnull=False)
                & Q(correction=None)
                | Q(result=SpotCheckResult.FAULTY, checked_by__isnull=False, checked_at__isnull=False)
                & Q(correction__isnull=False)
                & ~Q(finding=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.entry)
