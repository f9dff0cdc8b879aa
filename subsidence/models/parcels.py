"""Parcels of subsided land (沉陷图斑), their boundaries, and the duty to treat newly subsided ones."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from jurisdictions.models import Region
from projects.models import Project, Subject
from subsidence.models.mines import Mine
from subsidence.models.scopes import LINE, OfParcelQuerySet, ScopedQuerySet


class Origin(models.TextChoices):
    """Whether land subsided before the cut-off date or since."""

    EXISTING = "existing", _("存量")
    NEW = "new", _("增量")


class LandClass(models.TextChoices):
    """Land before it subsided, by the first classes of GB/T 21010-2017; farmland by its second."""

    UNKNOWN = "", _("待补")
    IRRIGATED = "0102", _("水浇地")
    DRY = "0103", _("旱地")
    PADDY = "0101", _("水田")
    ORCHARD = "02", _("园地")
    FOREST = "03", _("林地")
    GRASS = "04", _("草地")
    WATER = "11", _("水域")
    BUILT = "07", _("住宅用地")
    OTHER = "12", _("其他土地")


class SuitedUse(models.TextChoices):
    """What the land is to become: 宜耕则耕、宜水则水、宜林则林."""

    UNKNOWN = "", _("待补")
    FARM = "farm", _("宜耕")
    ORCHARD = "orchard", _("宜园")
    FOREST = "forest", _("宜林")
    GRASS = "grass", _("宜草")
    WATER = "water", _("宜水")
    BUILT = "built", _("宜建")


class Settlement(models.TextChoices):
    UNKNOWN = "", _("待判定")
    SETTLED = "settled", _("稳沉")
    ACTIVE = "active", _("未稳沉")


class DamageGrade(models.TextChoices):
    """Degree of damage, TD/T 1031.3-2011; the worst factor decides."""

    UNKNOWN = "", _("待补")
    LIGHT = "light", _("轻度")
    MEDIUM = "medium", _("中度")
    HEAVY = "heavy", _("重度")


class CutOff(models.Model):
    """The day that parts 存量 from 增量, by a document: land that subsided before it is 存量; the newest holds."""

    on = models.DateField(_("分界日期"))
    document = models.CharField(_("文号"), max_length=120)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("登记人"), related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))
    is_demo = models.BooleanField(_("演示数据"), default=False)

    class Meta:
        verbose_name = _("存量增量分界")
        verbose_name_plural = _("存量增量分界")

    def __str__(self) -> str:
        return f"{self.on:%F} · {self.document}"


def _area(label: Any) -> models.DecimalField[Decimal | int, Decimal]:
    return models.DecimalField(label, max_digits=18, decimal_places=4, default=0, editable=False)


class ParcelQuerySet(ScopedQuerySet["Parcel"]):
    def with_labels(self) -> ParcelQuerySet:
        """Joined with all that a line about one prints."""
        return self.select_related("mine", "region", "project")


class Parcel(models.Model):
    """One parcel of subsided land of one suited use, held by a mine or, as 历史遗留, by its county; areas in 亩.

    The areas say how much of it has taken each stage so far; only services.stages writes them, with the row of the
    chain that says so. A parcel surveyed by uses is one row a use, all of one `site`. `subsided_on` is None for
    历史遗留 of unknown date and for what the article tells.
    """

    code = models.CharField(
        _("图斑编号"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"\A[-A-Za-z0-9_]+\Z", _("图斑编号只能由字母、数字、横线和下划线组成。"))],
    )
    site = models.CharField(_("勘测编号"), max_length=40, blank=True)
    place = models.CharField(_("位置说明"), max_length=200, blank=True)
    mine = models.ForeignKey(
        Mine, models.PROTECT, null=True, blank=True, verbose_name=_("责任矿井"), related_name="parcels"
    )
    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("治理项目"), related_name="parcels")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("所在村"), related_name="+")
    subject = models.OneToOneField(Subject, models.PROTECT, related_name="parcel", editable=False)
    origin = models.CharField(_("存量或增量"), max_length=8, choices=Origin)
    subsided_on = models.DateField(_("沉陷日期"), null=True, blank=True)
    land_before = models.CharField(_("原地类"), max_length=4, choices=LandClass, blank=True)
    suited_use = models.CharField(_("适宜用途"), max_length=8, choices=SuitedUse, blank=True)
    settlement = models.CharField(_("稳沉"), max_length=8, choices=Settlement, blank=True)
    settlement_basis = models.CharField(_("稳沉判定依据"), max_length=200, blank=True)
    strain = models.DecimalField(_("水平变形（mm/m）"), max_digits=8, decimal_places=2, null=True, blank=True)
    tilt = models.DecimalField(_("倾斜（mm/m）"), max_digits=8, decimal_places=2, null=True, blank=True)
    sink = models.DecimalField(_("下沉（m）"), max_digits=8, decimal_places=3, null=True, blank=True)
    yield_loss = models.DecimalField(_("减产（%）"), max_digits=5, decimal_places=2, null=True, blank=True)
    damage_grade = models.CharField(_("损毁程度"), max_length=8, choices=DamageGrade, blank=True, editable=False)
    surveyed_area = _area(_("勘测面积"))
    approved_area = _area(_("立项面积"))
    started_area = _area(_("开工面积"))
    finished_area = _area(_("完工面积"))
    self_checked_area = _area(_("自验面积"))
    accepted_area = _area(_("验收面积"))
    published_area = _area(_("公示面积"))
    closed_area = _area(_("销号面积"))
    tended_area = _area(_("管护期满面积"))
    basis = models.TextField(_("依据"), blank=True)
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False)

    objects: ClassVar[ParcelQuerySet] = ParcelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("沉陷图斑")
        verbose_name_plural = _("沉陷图斑")
        indexes = [
            models.Index(name="parcel_region", fields=["region"], opclasses=["varchar_pattern_ops"]),
            models.Index(name="parcel_site", fields=["site"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="parcel_areas_in_order",
                condition=Q(
                    tended_area__gte=0,
                    closed_area__gte=F("tended_area"),
                    published_area__gte=F("closed_area"),
                    accepted_area__gte=F("published_area"),
                    self_checked_area__gte=F("accepted_area"),
                    finished_area__gte=F("self_checked_area"),
                    started_area__gte=F("finished_area"),
                    approved_area__gte=F("started_area"),
                    surveyed_area__gte=F("approved_area"),
                ),
            ),
            models.CheckConstraint(
                name="parcel_accepted_when_settled", condition=Q(accepted_area=0) | Q(settlement=Settlement.SETTLED)
            ),
            models.CheckConstraint(
                name="parcel_new_has_mine_and_date",
                condition=Q(origin=Origin.EXISTING) | Q(mine__isnull=False, subsided_on__isnull=False),
            ),
            models.CheckConstraint(
                name="parcel_factors_not_negative",
                condition=(Q(strain=None) | Q(strain__gte=0))
                & (Q(tilt=None) | Q(tilt__gte=0))
                & (Q(sink=None) | Q(sink__gte=0))
                & (Q(yield_loss=None) | Q(yield_loss__range=(0, 100))),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("parcel", args=[self.code])

    @property
    def work_line(self) -> str:
        return LINE

    @property
    def county_id(self) -> str:
        """The code of its county; the city's while only the city is known."""
        return self.region_id[:6]

    @property
    def holder(self) -> str:
        """Who has to treat it."""
        return str(self.mine) if self.mine else gettext("历史遗留")


class Boundary(models.Model):
    """The outline of one parcel, a GeoJSON Polygon or MultiPolygon in CGCS2000 (EPSG:4490), longitude first.

    `area` is on the ellipsoid, in 亩; west to north are its bounding box in degrees; `flags` are the sentences about
    what was odd but not refused. Coordinates are restricted data.
    """

    parcel = models.OneToOneField(Parcel, models.CASCADE, primary_key=True, related_name="boundary")
    geometry = models.JSONField(_("边界"))
    area = models.DecimalField(_("图形面积（亩）"), max_digits=18, decimal_places=4)
    west = models.DecimalField(max_digits=9, decimal_places=6)
    south = models.DecimalField(max_digits=9, decimal_places=6)
    east = models.DecimalField(max_digits=9, decimal_places=6)
    north = models.DecimalField(max_digits=9, decimal_places=6)
    flags = models.JSONField(_("提示"), default=list)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("登记人"), related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))

    objects: ClassVar[OfParcelQuerySet[Boundary]] = OfParcelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("图斑边界")
        verbose_name_plural = _("图斑边界")
        indexes = [models.Index(name="boundary_box", fields=["west", "east", "south", "north"])]
        constraints = [
            models.CheckConstraint(
                name="boundary_has_extent", condition=Q(area__gt=0, west__lt=F("east"), south__lt=F("north"))
            ),
        ]

    def __str__(self) -> str:
        return str(self.parcel)


class TreatmentDuty(models.Model):
    """The duty of a mine to treat a newly subsided parcel by a date (沉陷一个、治理一个), open until all is closed.

    Every 增量 parcel has one: a deferred trigger refuses the transaction that leaves one without.
    """

    parcel = models.OneToOneField(Parcel, models.CASCADE, verbose_name=_("图斑"), related_name="duty")
    mine = models.ForeignKey(Mine, models.PROTECT, verbose_name=_("责任矿井"), related_name="duties")
    opened_on = models.DateField(_("发现日期"))
    due_on = models.DateField(_("治理期限"))
    closed_on = models.DateField(_("销号日期"), null=True, blank=True)

    #: Days to the deadline, below zero once it is past; set by figures.duties.
    days_left: int

    objects: ClassVar[OfParcelQuerySet[TreatmentDuty]] = OfParcelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("治理任务")
        verbose_name_plural = _("治理任务")
        constraints = [
            models.CheckConstraint(
                name="duty_due_after_opening",
                condition=Q(due_on__gt=F("opened_on")),
                violation_error_message=_("治理期限必须晚于沉陷日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mine} · {self.parcel}"

    def is_overdue(self, on: datetime.date) -> bool:
        return self.closed_on is None and self.due_on < on
