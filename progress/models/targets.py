"""Targets (目标), their versions and plan curves, and the rule of the lights."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import ExtractDay
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, scope_q
from jurisdictions.models import Region
from progress.models.indicators import Frequency, Indicator
from projects.models import Project


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user: User | AnonymousUser) -> TargetQuerySet:
        return self.filter(scope_q(user, Action.VIEW, line="indicator__work_line"))

    def promised(self, *, as_of: datetime.datetime | None = None) -> TargetQuerySet:
        """Those with a version, recorded by then: a target somebody only named has no figures yet."""
        if as_of is None:
            return self.filter(versions__n=1)
        return self.filter(Exists(TargetVersion.objects.filter(target=OuterRef("pk"), recorded_at__lte=as_of)))

    def on_top(self, user: User | AnonymousUser) -> TargetQuerySet:
        """Those that are no part of one that the person sees: a list tells a part under its whole, never beside it."""
        return self.exclude(parent__in=Target.objects.visible_to(user))


class Split(models.TextChoices):
    """By what a target is split into its parts."""

    REGION = "region", _("按县区")
    YEAR = "year", _("按年度")


class Target(models.Model):
    """One promise: so much of an indicator, in a region or of one project; its figures stand in its versions.

    A part of another target says by what that one is split: the parts by region sum to it, and so do those by year.
    """

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    indicator = models.ForeignKey(Indicator, models.PROTECT, verbose_name=_("指标"), related_name="targets")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="+")
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, verbose_name=_("项目"), related_name="targets"
    )
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, verbose_name=_("上级目标"), related_name="parts"
    )
    split_by = models.CharField(_("分解方式"), max_length=6, choices=Split, blank=True)
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True)
    counts = models.CharField(_("计入口径"), max_length=60, blank=True, help_text=_("计入目标的环节；留空为待补"))
    frequency = models.CharField(
        _("调度频次"),
        max_length=7,
        choices=Frequency,
        default=Frequency.MONTH,
        help_text=_("计划与进度在最近到期的调度期末比较"),
    )

    objects: ClassVar[TargetQuerySet] = TargetQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("目标")
        verbose_name_plural = _("目标")
        constraints = [
            # A plan is drawn by the month, so no target can be held against it more often.
            models.CheckConstraint(name="target_not_by_ten_days", condition=~Q(frequency=Frequency.TEN_DAYS)),
            models.CheckConstraint(
                name="target_part_says_of_what",
                condition=Q(parent=None, split_by="", year=None)
                | Q(parent__isnull=False, split_by=Split.REGION, year=None)
                | Q(parent__isnull=False, split_by=Split.YEAR, year__isnull=False),
            ),
            models.UniqueConstraint(
                name="target_part_once_per_region", fields=["parent", "region"], condition=Q(split_by=Split.REGION)
            ),
            models.UniqueConstraint(
                name="target_part_once_per_year", fields=["parent", "year"], condition=Q(split_by=Split.YEAR)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("target", args=[self.code])

    def clean(self) -> None:
        """Refuse with a sentence what the trigger target_fit refuses without one."""
        if self.project is None or not (self.indicator_id and self.region_id):
            return
        if self.indicator.work_line != self.project.work_line:
            raise ValidationError({"indicator": _("指标与项目不属于同一工作线。")})
        if self.region_id != self.project.region_id:
            raise ValidationError({"region": _("项目的目标必须与项目在同一地区。")})

    @property
    def work_line(self) -> str:
        return self.indicator.work_line


class TargetVersionQuerySet(models.QuerySet["TargetVersion"]):
    def standing(self, *, as_of: datetime.datetime | None = None) -> TargetVersionQuerySet:
        """The highest version of each target, of those recorded by then."""
        versions = TargetVersion.objects.filter(target=OuterRef("target"))
        if as_of:
            versions = versions.filter(recorded_at__lte=as_of)
        return self.filter(n=Subquery(versions.order_by("-n").values("n")[:1]))


class TargetVersion(models.Model):
    """What a target promised from `recorded_at` on, in the indicator's unit; append-only, the highest `n` stands.

    `value` is to be achieved on top of `baseline`; zero is a part that was taken back. `counted` is the indicator that
    counts from this version on, None the target's own. `start_on` is the first and `due_on` the last day of a month;
    None means the source does not say (待补).
    """

    target = models.ForeignKey(Target, models.PROTECT, verbose_name=_("目标"), related_name="versions")
    n = models.PositiveSmallIntegerField(_("版次"))
    value = models.DecimalField(_("目标值"), max_digits=18, decimal_places=4)
    baseline = models.DecimalField(_("基数"), max_digits=18, decimal_places=4, default=0)
    start_on = models.DateField(_("起始日期"), null=True, blank=True)
    due_on = models.DateField(_("完成期限"), null=True, blank=True)
    counted = models.ForeignKey(
        Indicator, models.PROTECT, null=True, blank=True, verbose_name=_("计入指标"), related_name="+"
    )
    document = models.CharField(_("文件"), max_length=120, blank=True)
    basis = models.TextField(_("依据"), blank=True)
    recorded_at = models.DateTimeField(_("登记时间"))
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name=_("登记人"), related_name="+"
    )
    is_demo = models.BooleanField(_("演示数据"), default=False)

    objects: ClassVar[TargetVersionQuerySet] = TargetVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("目标版本")
        verbose_name_plural = _("目标版本")
        constraints = [
            models.UniqueConstraint(name="target_version_once", fields=["target", "n"]),
            models.CheckConstraint(name="target_value_not_negative", condition=Q(value__gte=0)),
            models.CheckConstraint(name="target_starts_on_first_day", condition=Q(start_on=None) | Q(start_on__day=1)),
            models.CheckConstraint(
                name="target_due_on_last_day",
                condition=Q(due_on=None)
                | models.lookups.Exact(  # type: ignore[arg-type]  # the day after is the first of a month
                    ExtractDay(
                        ExpressionWrapper(
                            F("due_on") + Value(datetime.timedelta(days=1)), output_field=models.DateField()
                        )
                    ),
                    1,
                ),
            ),
            models.CheckConstraint(
                name="target_due_after_start",
                condition=Q(start_on=None) | Q(due_on=None) | Q(due_on__gt=F("start_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} · {self.n}"

    @property
    def measured(self) -> Indicator:
        """What its figures are summed from: the indicator that counts, the target's own while nobody has decided."""
        return self.counted or self.target.indicator

    @property
    def counting(self) -> str:
        """Which figure counts (计入口径), in words; empty while nobody has decided (待补)."""
        return self.counted.name if self.counted else self.target.counts

    @property
    def has_task(self) -> bool:
        """Whether there is anything to do: a part that was taken back has none."""
        return self.value != 0

    @property
    def until(self) -> datetime.date | None:
        """The last day that counts: of a year's part its end, for what is done later counts for the year after."""
        return self.due_on if self.target.split_by == Split.YEAR else None


class PlanPoint(models.Model):
    """One point of the plan curve (序时进度): the cumulative value planned for the end of a month."""

    version = models.ForeignKey(TargetVersion, models.CASCADE, related_name="plan_points")
    month = models.DateField(_("月份"))
    cumulative = models.DecimalField(_("计划累计"), max_digits=18, decimal_places=4)

    class Meta:
        verbose_name = _("计划进度")
        verbose_name_plural = _("计划进度")
        constraints = [
            models.UniqueConstraint(name="plan_point_once", fields=["version", "month"]),
            models.CheckConstraint(name="plan_point_on_first_day", condition=Q(month__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.cumulative}"


class LightRule(models.Model):
    """One version of the thresholds: below `late_below` of the plan is red, below `warn_below` yellow."""

    n = models.PositiveSmallIntegerField(_("版次"), unique=True)
    warn_below = models.DecimalField(_("预警线"), max_digits=5, decimal_places=4)
    late_below = models.DecimalField(_("滞后线"), max_digits=5, decimal_places=4)
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("亮灯规则")
        verbose_name_plural = _("亮灯规则")
        constraints = [
            models.CheckConstraint(
                name="light_rule_in_order", condition=Q(late_below__gt=0, late_below__lt=F("warn_below"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.n}: {self.warn_below} / {self.late_below}"
