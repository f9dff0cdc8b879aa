"""The stock–flow ledger (存量增量台账), read off the chains of the parcels."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from jurisdictions.models import Region
from subsidence.models.mines import Mine
from subsidence.models.parcels import Parcel
from subsidence.models.scopes import ScopedQuerySet
from subsidence.models.stages import ParcelStage


class Movement(models.TextChoices):
    FOUND = "found", _("存量入账")
    SUBSIDED = "subsided", _("新增沉陷")
    RESURVEYED = "resurveyed", _("复测增减")
    CLOSED = "closed", _("销号")


class StockMovementQuerySet(ScopedQuerySet["StockMovement"]):
    place = "parcel__region"


class StockMovement(models.Model):
    """One movement of a holder's stock of untreated land in a month: an area in 亩 with its sign, below zero for 销号.

    A view of the database over the surveys and closings of the chains, so it cannot disagree with them. The holder is
    the mine, or for 历史遗留 the county; `county` is the city while only the city is known.
    """

    step = models.OneToOneField(ParcelStage, models.DO_NOTHING, primary_key=True, related_name="+")
    parcel = models.ForeignKey(Parcel, models.DO_NOTHING, verbose_name=_("图斑"), related_name="+")
    mine = models.ForeignKey(Mine, models.DO_NOTHING, null=True, verbose_name=_("矿井"), related_name="+")
    county = models.ForeignKey(Region, models.DO_NOTHING, verbose_name=_("县区"), related_name="+")
    month = models.DateField(_("月份"))
    kind = models.CharField(_("类别"), max_length=10, choices=Movement)
    area = models.DecimalField(_("面积（亩）"), max_digits=18, decimal_places=4)

    objects: ClassVar[StockMovementQuerySet] = StockMovementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        managed = False
        verbose_name = _("存量增减")
        verbose_name_plural = _("存量增减")

    def __str__(self) -> str:
        return f"{self.parcel} · {self.month:%Y-%m} {self.area}"
