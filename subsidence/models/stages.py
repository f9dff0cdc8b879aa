"""The stages of a parcel (环节): what was asked for by one person and approved by another, as an append-only chain."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from subsidence.models.parcels import Parcel
from subsidence.models.scopes import OfParcelQuerySet


class Stage(models.TextChoices):
    """In the order land passes through them; each may cover a part of the area."""

    SURVEYED = "surveyed", _("摸底")
    APPROVED = "approved", _("立项")
    STARTED = "started", _("开工")
    FINISHED = "finished", _("完工")
    SELF_CHECKED = "self_checked", _("县级自验")
    ACCEPTED = "accepted", _("市级验收")
    PUBLISHED = "published", _("公示")
    CLOSED = "closed", _("销号")
    TENDED = "tended", _("管护期满")

    @property
    def area_field(self) -> str:
        """The parcel's column with the area that has taken the stage."""
        return f"{self.value}_area"


class RequestStatus(models.TextChoices):
    PENDING = "pending", _("待审批")
    APPROVED = "approved", _("已通过")
    RETURNED = "returned", _("已退回")
    WITHDRAWN = "withdrawn", _("已撤回")


class StageRequest(models.Model):
    """One person's request that an area (亩) of a parcel take a stage on a day; it counts once another approves it.

    A negative area is a resurvey that found less, or the reversal of a step; `reverses` names that step.
    """

    parcel = models.ForeignKey(Parcel, models.CASCADE, verbose_name=_("图斑"), related_name="requests")
    stage = models.CharField(_("环节"), max_length=12, choices=Stage)
    on = models.DateField(_("日期"))
    area = models.DecimalField(_("面积（亩）"), max_digits=18, decimal_places=4)
    document = models.CharField(_("文号"), max_length=120)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    reverses = models.ForeignKey(
        "ParcelStage", models.CASCADE, null=True, blank=True, verbose_name=_("冲销"), related_name="reversal_requests"
    )
    status = models.CharField(_("状态"), max_length=9, choices=RequestStatus, default=RequestStatus.PENDING)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("申报人"), related_name="+")
    recorded_at = models.DateTimeField(_("申报时间"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("审批人"), related_name="+")
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    reason = models.CharField(_("退回理由"), max_length=500, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects: ClassVar[OfParcelQuerySet[StageRequest]] = OfParcelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("环节申报")
        verbose_name_plural = _("环节申报")
        indexes = [
            models.Index(name="request_pending", fields=["parcel", "stage"], condition=Q(status=RequestStatus.PENDING)),
        ]
        constraints = [
            models.CheckConstraint(
                name="request_decided_with_its_status",
                condition=Q(status=RequestStatus.PENDING, decided_by=None, decided_at=None)
                | (~Q(status=RequestStatus.PENDING) & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="request_approved_by_another",
                condition=~Q(status=RequestStatus.APPROVED) | ~Q(decided_by=F("recorded_by")),
            ),
            models.CheckConstraint(name="request_of_some_area", condition=~Q(area=0)),
        ]

    def __str__(self) -> str:
        return f"{self.parcel} · {self.get_stage_display()}"


class ParcelStage(models.Model):
    """One link of a parcel's chain: an area (亩) that took a stage on a day; append-only by trigger.

    What the article tells has no people but a `basis`; every other row was recorded by one and approved by another.
    """

    parcel = models.ForeignKey(Parcel, models.CASCADE, verbose_name=_("图斑"), related_name="stages")
    request = models.OneToOneField(
        StageRequest, models.CASCADE, null=True, verbose_name=_("环节申报"), related_name="step"
    )
    stage = models.CharField(_("环节"), max_length=12, choices=Stage)
    on = models.DateField(_("日期"))
    area = models.DecimalField(_("面积（亩）"), max_digits=18, decimal_places=4)
    document = models.CharField(_("文号"), max_length=120, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    reverses = models.OneToOneField(
        "self", models.CASCADE, null=True, verbose_name=_("冲销"), related_name="reversed_by"
    )
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("申报人"), related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("审批人"), related_name="+")
    basis = models.TextField(_("依据"), blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects: ClassVar[OfParcelQuerySet[ParcelStage]] = OfParcelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("图斑环节")
        verbose_name_plural = _("图斑环节")
        indexes = [models.Index(name="stage_by_day", fields=["stage", "on"])]
        constraints = [
            models.CheckConstraint(
                name="stage_by_two_people_or_a_source",
                condition=(Q(recorded_by__isnull=False, approved_by__isnull=False) & ~Q(recorded_by=F("approved_by")))
                | (Q(recorded_by=None, approved_by=None) & ~Q(basis="")),
            ),
            models.CheckConstraint(name="stage_of_some_area", condition=~Q(area=0)),
        ]

    def __str__(self) -> str:
        return f"{self.parcel} · {self.get_stage_display()}"
