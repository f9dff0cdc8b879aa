"""Spot checks (抽查): verified entries drawn at random and looked at again by somebody who had no part in them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, scope_q
from jurisdictions.models import Region, WorkLine
from progress.models.entries import ProgressEntry
from progress.models.periods import Period


class Draw(models.Model):
    """One random draw (抽查批次) among the verified entries of a period; `seed` lets anybody draw the same again."""

    period = models.ForeignKey(Period, models.PROTECT, verbose_name=_("调度期"), related_name="draws")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="+")
    work_line = models.CharField(_("工作线"), max_length=12, choices=WorkLine)
    size = models.PositiveSmallIntegerField(_("抽取条数"))
    seed = models.CharField(_("随机种子"), max_length=64)
    drawn_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("抽取人"), related_name="+")
    drawn_at = models.DateTimeField(_("抽取时间"))

    class Meta:
        verbose_name = _("抽查批次")
        verbose_name_plural = _("抽查批次")

    def __str__(self) -> str:
        return f"{self.period} · {self.region} · {self.get_work_line_display()}"


class SpotCheckResult(models.TextChoices):
    CONFIRMED = "confirmed", _("属实")
    FAULTY = "faulty", _("不实")


class SpotCheckQuerySet(models.QuerySet["SpotCheck"]):
    def visible_to(self, user: User | AnonymousUser) -> SpotCheckQuerySet:
        return self.in_scope(user, Action.VIEW)

    def in_scope(self, user: User | AnonymousUser, action: Action) -> SpotCheckQuerySet:
        line, region = "entry__series__project__work_line", "entry__series__region"
        return self.filter(scope_q(user, action, line=line, region=region))


class SpotCheck(models.Model):
    """One drawn entry and what looking at it again found: confirmed, or faulty and its correction opened."""

    draw = models.ForeignKey(Draw, models.PROTECT, verbose_name=_("抽查批次"), related_name="checks")
    entry = models.OneToOneField(ProgressEntry, models.PROTECT, verbose_name=_("进度填报"), related_name="spot_check")
    result = models.CharField(_("结果"), max_length=9, choices=SpotCheckResult, blank=True)
    finding = models.CharField(_("核查情况"), max_length=200, blank=True)
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("核查人"), related_name="+")
    checked_at = models.DateTimeField(_("核查时间"), null=True)
    correction = models.OneToOneField(
        ProgressEntry, models.SET_NULL, null=True, verbose_name=_("更正"), related_name="opened_by_check"
    )

    objects: ClassVar[SpotCheckQuerySet] = SpotCheckQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("抽查")
        verbose_name_plural = _("抽查")
        constraints = [
            models.CheckConstraint(
                name="spot_check_result_is_whole",
                condition=Q(result="", checked_by=None, checked_at=None)
                | (~Q(result="") & Q(checked_by__isnull=False, checked_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="spot_check_fault_is_said", condition=~Q(result=SpotCheckResult.FAULTY) | ~Q(finding="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.entry)
