"""Works (工序) on a parcel, photos of it, and what was measured at its acceptance."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models import Attachment
from subsidence.models.parcels import Parcel
from subsidence.models.scopes import OfParcelQuerySet
from subsidence.models.stages import StageRequest


class WorkKind(models.TextChoices):
    """Kinds of work; which of them a suited use takes, and in which order, stands in subsidence.sequences."""

    STRIP_TOPSOIL = "strip_topsoil", _("剥离表土")
    FILL = "fill", _("客土填充")
    DRAINAGE = "drainage", _("给水排水")
    COVER_TOPSOIL = "cover_topsoil", _("覆熟土")
    SOW = "sow", _("复种")
    LEVEL = "level", _("土地平整")
    PLANT_TREES = "plant_trees", _("植树造林")
    PLANT_ORCHARD = "plant_orchard", _("栽植果树")
    PLANT_GRASS = "plant_grass", _("种草")
    BANK = "bank", _("护岸整治")
    FOUNDATION = "foundation", _("地基处理")


class Work(models.Model):
    """One work on one parcel, planned or done, with its quantity in a unit of its own."""

    parcel = models.ForeignKey(Parcel, models.CASCADE, verbose_name=_("图斑"), related_name="works")
    kind = models.CharField(_("工序"), max_length=16, choices=WorkKind)
    planned_on = models.DateField(_("计划完成"), null=True, blank=True)
    done_on = models.DateField(_("实际完成"), null=True, blank=True)
    quantity = models.DecimalField(_("工程量"), max_digits=18, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("单位"), max_length=12, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    basis = models.TextField(_("依据"), blank=True)

    objects: ClassVar[OfParcelQuerySet[Work]] = OfParcelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("工序")
        verbose_name_plural = _("工序")
        constraints = [
            models.UniqueConstraint(name="work_once_per_parcel", fields=["parcel", "kind"]),
            models.CheckConstraint(
                name="work_quantity_with_unit", condition=Q(quantity=None) | (Q(quantity__gte=0) & ~Q(unit=""))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parcel} · {self.get_kind_display()}"


class Moment(models.TextChoices):
    BEFORE = "before", _("治理前")
    DURING = "during", _("治理中")
    AFTER = "after", _("治理后")


class ParcelPhoto(models.Model):
    """One photo of a parcel before, during or after its treatment; of one work or of the whole."""

    parcel = models.ForeignKey(Parcel, models.CASCADE, verbose_name=_("图斑"), related_name="photos")
    work = models.ForeignKey(Work, models.CASCADE, null=True, blank=True, verbose_name=_("工序"), related_name="photos")
    attachment = models.ForeignKey(Attachment, models.PROTECT, verbose_name=_("照片"), related_name="+")
    moment = models.CharField(_("阶段"), max_length=6, choices=Moment)

    objects: ClassVar[OfParcelQuerySet[ParcelPhoto]] = OfParcelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("图斑照片")
        verbose_name_plural = _("图斑照片")
        constraints = [models.UniqueConstraint(name="photo_once_per_parcel", fields=["parcel", "attachment"])]

    def __str__(self) -> str:
        return f"{self.parcel} · {self.get_moment_display()}"


class QualityResult(models.Model):
    """One item measured for an acceptance, with the limits it was held against, kept as they were that day."""

    request = models.ForeignKey(StageRequest, models.CASCADE, verbose_name=_("环节申报"), related_name="results")
    item = models.CharField(_("项目"), max_length=20)
    name = models.CharField(_("项目名称"), max_length=40)
    unit = models.CharField(_("单位"), max_length=12, blank=True)
    value = models.DecimalField(_("实测值"), max_digits=10, decimal_places=3)
    at_least = models.DecimalField(_("不小于"), max_digits=8, decimal_places=3, null=True)
    at_most = models.DecimalField(_("不大于"), max_digits=8, decimal_places=3, null=True)
    is_passed = models.BooleanField(_("合格"))
    source = models.CharField(_("依据"), max_length=200)

    class Meta:
        verbose_name = _("质量检测")
        verbose_name_plural = _("质量检测")
        constraints = [models.UniqueConstraint(name="quality_result_once", fields=["request", "item"])]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"
