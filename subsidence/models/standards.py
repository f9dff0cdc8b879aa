"""Limits out of standards and documents, each with its source and the day it took effect."""

from __future__ import annotations

import datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)


class DatedQuerySet(models.QuerySet[M]):
    def in_force(self, day: datetime.date) -> Self:
        return self.filter(Q(until=None) | Q(until__gt=day), since__lte=day)


class Dated(models.Model):
    """In force from `since` to the day before `until`; `source` names the standard and its clause."""

    since = models.DateField(_("施行日期"))
    until = models.DateField(_("失效日期"), null=True, blank=True)
    source = models.CharField(_("依据"), max_length=200)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True


class DamageLimit(Dated):
    """How far a factor of damage may go for a grade, both limits inclusive: beyond `medium_to` it is heavy.

    `land` is dry, irrigated or green (林、草); `factor` is strain, tilt (mm/m), sink (m) or yield_loss (%).
    """

    land = models.CharField(_("地类"), max_length=12)
    factor = models.CharField(_("因子"), max_length=12)
    light_to = models.DecimalField(_("轻度上限"), max_digits=8, decimal_places=3)
    medium_to = models.DecimalField(_("中度上限"), max_digits=8, decimal_places=3)

    class Meta:
        verbose_name = _("损毁程度界限")
        verbose_name_plural = _("损毁程度界限")
        constraints = [
            models.UniqueConstraint(name="damage_limit_once", fields=["land", "factor", "since"]),
            models.CheckConstraint(name="damage_limit_in_order", condition=Q(light_to__lt=F("medium_to"))),
        ]

    def __str__(self) -> str:
        return f"{self.land} · {self.factor}"


class QualityLimit(Dated):
    """What one item of quality must be for land of a use, both ends inclusive; at least one end is given.

    `land` is a land class or a suited use that the standard tells apart.
    """

    land = models.CharField(_("用途或地类"), max_length=12)
    item = models.CharField(_("项目"), max_length=20)
    name = models.CharField(_("项目名称"), max_length=40)
    unit = models.CharField(_("单位"), max_length=12, blank=True)
    at_least = models.DecimalField(_("不小于"), max_digits=8, decimal_places=3, null=True, blank=True)
    at_most = models.DecimalField(_("不大于"), max_digits=8, decimal_places=3, null=True, blank=True)

    class Meta:
        verbose_name = _("质量要求")
        verbose_name_plural = _("质量要求")
        constraints = [
            models.UniqueConstraint(name="quality_limit_once", fields=["land", "item", "since"]),
            models.CheckConstraint(
                name="quality_limit_has_an_end", condition=Q(at_least__isnull=False) | Q(at_most__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.land} · {self.name}"


class RuleKind(models.TextChoices):
    SETTLED_SINK = "settled_sink", _("稳沉：观测期内累计下沉不大于（mm）")
    SETTLED_MONTHS = "settled_months", _("稳沉：观测期（月）")
    ALERT_RATE = "alert_rate", _("活跃：下沉速度大于（mm/月）")
    AREA_TOLERANCE = "area_tolerance", _("图形面积与勘测面积之差不大于（%）")


class Rule(Dated):
    """One number that a judgement needs; a kind without a row is 待补, and nothing is judged by it."""

    kind = models.CharField(_("规则"), max_length=20, choices=RuleKind)
    value = models.DecimalField(_("数值"), max_digits=12, decimal_places=4)
    is_demo = models.BooleanField(_("演示数据"), default=False)

    class Meta:
        verbose_name = _("判定规则")
        verbose_name_plural = _("判定规则")
        constraints = [models.UniqueConstraint(name="rule_once", fields=["kind", "since"])]

    def __str__(self) -> str:
        return str(self.get_kind_display())
