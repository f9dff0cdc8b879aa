"""Periods (调度期): what one report is about, and when it may be typed."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, reach_q, scope_q
from jurisdictions import codes
from jurisdictions.models import Region, WorkLine
from progress import schedule
from progress.models.indicators import Frequency


class Period(models.Model):
    """One 调度期; typing is open from `opens_on` to `closes_on` inclusive and late after `due_on`, by Beijing dates."""

    kind = models.CharField(_("频次"), max_length=7, choices=Frequency)
    start_on = models.DateField(_("首日"))
    end_on = models.DateField(_("末日"))
    opens_on = models.DateField(_("开放填报"))
    due_on = models.DateField(_("报送期限"))
    closes_on = models.DateField(_("宽限截止"))

    class Meta:
        verbose_name = _("调度期")
        verbose_name_plural = _("调度期")
        constraints = [
            models.UniqueConstraint(name="period_once", fields=["kind", "start_on"]),
            models.CheckConstraint(
                name="period_dates_in_order",
                condition=Q(start_on__lte=F("end_on"), opens_on__lte=F("due_on"), due_on__lte=F("closes_on")),
            ),
        ]
        indexes = [models.Index(name="period_kind_due", fields=["kind", "due_on"])]

    def __str__(self) -> str:
        return schedule.label(self.kind, self.start_on)

    def clean(self) -> None:
        """Say at the dates what the constraint would refuse without a sentence. Raises ValidationError."""
        if self.opens_on and self.due_on and self.closes_on and not self.opens_on <= self.due_on <= self.closes_on:
            raise ValidationError(_("日期须依次为：开放填报、报送期限、宽限截止。"))

    @property
    def month(self) -> datetime.date:
        """The month the period posts to: that of its last day, given as its first day."""
        return self.end_on.replace(day=1)


class ReopeningQuerySet(models.QuerySet["Reopening"]):
    def visible_to(self, user: User | AnonymousUser) -> ReopeningQuerySet:
        """Those for units in the person's scope, and those that reach it from above."""
        return self.filter(scope_q(user, Action.VIEW) | reach_q(user, Action.VIEW))

    def in_scope(self, user: User | AnonymousUser, action: Action) -> ReopeningQuerySet:
        return self.filter(scope_q(user, action))

    def standing(self, on: datetime.date) -> ReopeningQuerySet:
        return self.filter(until__gte=on)

    def reaching(self, *, unit: str, line: str) -> ReopeningQuerySet:
        """Those that cover that region on that work line."""
        return self.filter(region__in=codes.lineage(unit), work_line=line)


class Reopening(models.Model):
    """One closed period opened again for a unit, a region with all below it, on one work line, through a last day."""

    period = models.ForeignKey(Period, models.PROTECT, verbose_name=_("调度期"), related_name="reopenings")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("单位"), related_name="+")
    work_line = models.CharField(_("工作线"), max_length=12, choices=WorkLine)
    until = models.DateField(_("开放至"))
    reason = models.CharField(_("理由"), max_length=200)
    reopened_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("批准人"), related_name="+")
    reopened_at = models.DateTimeField(_("批准时间"))

    objects: ClassVar[ReopeningQuerySet] = ReopeningQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("重新开放")
        verbose_name_plural = _("重新开放")
        constraints = [models.CheckConstraint(name="reopening_has_reason", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.period} · {self.region} · {self.get_work_line_display()}"

    def covers(self, *, unit: str, line: str) -> bool:
        """Whether it reaches that region on that work line."""
        return self.work_line == line and unit.startswith(self.region_id)

    def audit_facts(self) -> dict[str, Any]:
        """The content an audit event keeps before and after a change."""
        return {
            "period": self.period_id,
            "region": self.region_id,
            "work_line": self.work_line,
            "until": self.until,
            "reason": self.reason,
        }
