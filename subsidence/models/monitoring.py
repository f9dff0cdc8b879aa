"""Points at which the ground is watched, and their readings."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from jurisdictions.models import Region
from subsidence.models.mines import Mine
from subsidence.models.parcels import Parcel
from subsidence.models.scopes import LINE, ScopedQuerySet


class SubsidencePointQuerySet(ScopedQuerySet["SubsidencePoint"]):
    pass


class SubsidencePoint(models.Model):
    """One point (沉陷观测点) of a mine, on one of its parcels or not yet; its coordinates are restricted data."""

    code = models.SlugField(_("观测点编号"), max_length=40, unique=True)
    mine = models.ForeignKey(Mine, models.PROTECT, verbose_name=_("矿井"), related_name="points")
    parcel = models.ForeignKey(
        Parcel, models.PROTECT, null=True, blank=True, verbose_name=_("图斑"), related_name="points"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("所在村"), related_name="+")
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False)

    objects: ClassVar[SubsidencePointQuerySet] = SubsidencePointQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("沉陷观测点")
        verbose_name_plural = _("沉陷观测点")

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("subsidence_point", args=[self.code])

    @property
    def work_line(self) -> str:
        return LINE


class Reading(models.Model):
    """What a point showed on a day: cumulative sink in mm since it was set, downwards above zero; tilt in mm/m."""

    point = models.ForeignKey(SubsidencePoint, models.CASCADE, verbose_name=_("观测点"), related_name="readings")
    on = models.DateField(_("观测日期"))
    sink = models.DecimalField(_("累计下沉（mm）"), max_digits=10, decimal_places=2)
    tilt = models.DecimalField(_("倾斜（mm/m）"), max_digits=8, decimal_places=2, null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("登记人"), related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)

    class Meta:
        verbose_name = _("观测记录")
        verbose_name_plural = _("观测记录")
        constraints = [
            models.UniqueConstraint(name="reading_once_a_day", fields=["point", "on"]),
            models.CheckConstraint(name="reading_tilt_not_negative", condition=Q(tilt=None) | Q(tilt__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.point} · {self.on:%F}"
