"""Money (资金): what is planned and what is paid for treatment, by source."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.models import Project
from subsidence.models.parcels import Parcel
from subsidence.models.scopes import ScopedQuerySet


class FundingSource(models.TextChoices):
    ENTERPRISE = "enterprise", _("企业自筹")
    BUDGET = "budget", _("财政资金")
    FUND = "fund", _("治理恢复基金")


class FundingKind(models.TextChoices):
    PLANNED = "planned", _("计划")
    PAID = "paid", _("到位支付")


class FundingQuerySet(ScopedQuerySet["Funding"]):
    place = "project__region"


class Funding(models.Model):
    """One amount of 万元 planned or paid for a project, or for one of its parcels; a negative one takes back."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("治理项目"), related_name="funding")
    parcel = models.ForeignKey(
        Parcel, models.CASCADE, null=True, blank=True, verbose_name=_("图斑"), related_name="funding"
    )
    source = models.CharField(_("资金来源"), max_length=10, choices=FundingSource)
    kind = models.CharField(_("类别"), max_length=7, choices=FundingKind)
    amount = models.DecimalField(_("金额（万元）"), max_digits=18, decimal_places=4)
    on = models.DateField(_("日期"))
    document = models.CharField(_("文号"), max_length=120)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("登记人"), related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))

    objects: ClassVar[FundingQuerySet] = FundingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("资金")
        verbose_name_plural = _("资金")
        constraints = [models.CheckConstraint(name="funding_of_some_amount", condition=~models.Q(amount=0))]

    def __str__(self) -> str:
        return f"{self.project} · {self.get_source_display()}"
