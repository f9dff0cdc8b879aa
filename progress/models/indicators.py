"""Indicators (指标) and series (填报项): what is measured, and who answers for it where and how often."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, scope_q
from jurisdictions.models import Region, WorkLine
from jurisdictions.spelling import spell
from projects.models import Project


class IndicatorKind(models.TextChoices):
    FLOW = "flow", _("本期增量")
    STOCK = "stock", _("期末水平")
    RATIO = "ratio", _("比率")


class Indicator(models.Model):
    """One thing measured, in one unit.

    A flow's value is the increment of a period, a stock's the level at its end; a ratio is never reported but
    computed as Σ numerator ÷ Σ denominator in %. `may_fall` says whether the running total may drop.
    """

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    work_line = models.CharField(_("工作线"), max_length=12, choices=WorkLine)
    kind = models.CharField(_("类别"), max_length=5, choices=IndicatorKind)
    unit = models.CharField(_("单位"), max_length=20)
    decimals = models.PositiveSmallIntegerField(_("小数位"), default=2, validators=[MaxValueValidator(4)])
    may_fall = models.BooleanField(_("累计可下降"), default=False)
    evidence_required = models.BooleanField(_("须附佐证"), default=False)
    pinyin = models.CharField(_("拼音"), max_length=400, blank=True, editable=False)
    initials = models.CharField(_("拼音首字母"), max_length=80, blank=True, editable=False)
    numerator = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("分子"), related_name="+"
    )
    denominator = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("分母"), related_name="+"
    )

    class Meta:
        verbose_name = _("指标")
        verbose_name_plural = _("指标")
        constraints = [
            models.CheckConstraint(
                name="indicator_ratio_has_parts",
                condition=Q(kind=IndicatorKind.RATIO, unit="%", numerator__isnull=False, denominator__isnull=False)
                | (~Q(kind=IndicatorKind.RATIO) & Q(numerator=None, denominator=None)),
            ),
            models.CheckConstraint(name="indicator_decimals_fit_ledger", condition=Q(decimals__lte=4)),
        ]

    def __str__(self) -> str:
        return gettext("%(name)s（%(unit)s）") % {"name": self.name, "unit": self.unit}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the spelling in step with the name."""
        spelling = spell(self.name)
        self.pinyin, self.initials = spelling.pinyin[:400], spelling.initials[:80]
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "pinyin", "initials"}
        super().save(*args, **kwargs)

    @property
    def may_be_negative(self) -> bool:
        """Whether a reported value may: a level is never below zero, an increment may be where the total may drop."""
        return self.kind == IndicatorKind.FLOW and self.may_fall


class Frequency(models.TextChoices):
    """How often something is due; also the kind of a period."""

    TEN_DAYS = "xun", _("旬")
    MONTH = "month", _("月")
    QUARTER = "quarter", _("季")
    HALF = "half", _("半年")
    YEAR = "year", _("年")


class SeriesOrigin(models.TextChoices):
    TYPED = "typed", _("人工填报")
    DERIVED = "derived", _("业务生成")


class SeriesQuerySet(models.QuerySet["Series"]):
    def visible_to(self, user: User | AnonymousUser) -> SeriesQuerySet:
        return self.in_scope(user, Action.VIEW)

    def in_scope(self, user: User | AnonymousUser, action: Action) -> SeriesQuerySet:
        return self.filter(scope_q(user, action, line="project__work_line"))


class Series(models.Model):
    """One 填报项: this project answers for this indicator in this region, this often.

    It is the row that is locked when its levels change; project, indicator and region freeze at the first ledger
    line (by trigger).
    """

    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("项目"), related_name="series")
    indicator = models.ForeignKey(Indicator, models.PROTECT, verbose_name=_("指标"), related_name="series")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="+")
    frequency = models.CharField(_("频次"), max_length=7, choices=Frequency, default=Frequency.MONTH)
    origin = models.CharField(_("来源"), max_length=7, choices=SeriesOrigin, default=SeriesOrigin.TYPED)
    #: The page with the rows a derived series is made of; a typed one has none.
    source_url = models.CharField(_("业务明细"), max_length=200, blank=True, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False)

    objects: ClassVar[SeriesQuerySet] = SeriesQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("填报项")
        verbose_name_plural = _("填报项")
        indexes = [models.Index(name="series_region", fields=["region"], opclasses=["varchar_pattern_ops"])]
        constraints = [
            models.UniqueConstraint(name="series_once_per_place", fields=["project", "indicator", "region"]),
        ]

    def __str__(self) -> str:
        return f"{self.project} · {self.indicator}"

    def clean(self) -> None:
        """Refuse with a sentence what the trigger series_fit refuses without one."""
        if not (self.project_id and self.indicator_id and self.region_id):
            return
        if self.indicator.work_line != self.project.work_line:
            raise ValidationError({"indicator": _("指标与项目不属于同一工作线。")})
        if self.indicator.kind == IndicatorKind.RATIO:
            raise ValidationError({"indicator": _("比率由分子和分母算出，不能填报。")})
        if not self.region_id.startswith(self.project.region_id):
            raise ValidationError({"region": _("填报项的地区必须在项目所在地区之内。")})

    @property
    def work_line(self) -> str:
        return self.project.work_line
