"""Which part of the stock–flow ledger is asked for."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from jurisdictions.filters import RegionCodeField
from progress.filters import MonthField
from subsidence.figures.stock import LEGACY, Span
from subsidence.models import Mine, Parcel
from subsidence.models.stock import StockMovementQuerySet

#: Years in which a month may be asked for.
YEARS = range(2000, 2101)


class StockForm(forms.Form):
    """From month to month, this year unless told otherwise, of a region and a holder, of all unless told otherwise."""

    since = MonthField(label=_("起始月份"), required=False)
    until = MonthField(label=_("截止月份"), required=False)
    region = RegionCodeField(label=_("地区"), required=False)
    mine = forms.ChoiceField(label=_("责任主体"), required=False)

    def __init__(self, data: QueryDict, *, user: User, today: datetime.date) -> None:
        self.this_month = today.replace(day=1)
        given = {name: text for name, text in data.items() if text}
        super().__init__({**self._defaults(given), **given})
        self.fields["mine"].choices = _holders(user)  # type: ignore[attr-defined]

    def _defaults(self, given: dict[str, Any]) -> dict[str, str]:
        until = str(given.get("until") or f"{self.this_month:%Y-%m}")
        return {"since": f"{until[:4]}-01", "until": until}

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or self.cleaned_data
        months = [asked[name] for name in ("since", "until") if asked.get(name)]
        if any(month.year not in YEARS for month in months):
            self.add_error("since", _("请填写 2000 年至 2100 年之间的年月。"))
        elif months and months[0] > months[-1]:
            self.add_error("since", _("起始月份不能晚于截止月份。"))
        return asked

    @property
    def span(self) -> Span:
        """The months asked for, this year so far where they cannot be understood."""
        if self.is_valid():
            return Span(self.cleaned_data["since"], self.cleaned_data["until"])
        return Span(self.this_month.replace(month=1), self.this_month)

    @property
    def asked(self) -> dict[str, str]:
        """The region and the holder, as the lists behind the figures are asked for them."""
        found = self.cleaned_data if self.is_valid() else {}
        return {name: found[name] for name in ("region", "mine") if found.get(name)}

    def narrow(self, rows: StockMovementQuerySet) -> StockMovementQuerySet:
        """The movements of the region and the holder."""
        asked = self.asked
        rows = rows.filter(parcel__region__code__startswith=asked.get("region", ""))
        match asked.get("mine"):
            case None:
                return rows
            case str(code) if code == LEGACY:
                return rows.filter(mine=None)
            case code:
                return rows.filter(mine__code=code)


def _holders(user: User) -> list[tuple[str, Any]]:
    """All, 历史遗留, and the mines in sight that have parcels; the register holds many that have none."""
    has_parcels = Exists(Parcel.objects.filter(mine=OuterRef("pk")))
    mines = Mine.objects.visible_to(user).filter(has_parcels).order_by("pinyin", "code")
    return [("", _("全部")), (LEGACY, _("历史遗留")), *((mine.code, str(mine)) for mine in mines)]
