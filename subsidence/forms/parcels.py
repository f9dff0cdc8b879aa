"""Registering a surveyed parcel, and describing one that is on the register."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from accounts.models import User
from accounts.refusals import Refused
from jurisdictions.filters import RegionCodeField
from jurisdictions.models import Region
from subsidence.filters.parcels import MineField
from subsidence.forms.fields import AmountField, DayField
from subsidence.models import LandClass, Mine, Parcel, Settlement, SuitedUse
from subsidence.services.parcels import Description, Factors, Survey

#: Digits after the point of each factor of damage.
FACTORS = {"strain": 2, "tilt": 2, "sink": 3, "yield_loss": 2}
USES = [use for use in SuitedUse if use != SuitedUse.UNKNOWN]


def _factor(name: str, label: str | Promise) -> AmountField:
    return AmountField(label=label, decimals=FACTORS[name], required=False)


class DescriptionForm(OnceForm):
    """What is known of a parcel beside its place, holder and area."""

    place = forms.CharField(label=_("位置说明"), required=False, max_length=200)
    land_before = forms.ChoiceField(label=_("原地类"), choices=LandClass, required=False)
    settlement = forms.ChoiceField(label=_("稳沉"), choices=Settlement, required=False)
    settlement_basis = forms.CharField(
        label=_("稳沉判定依据"), required=False, max_length=200, help_text=_("观测报告、文号等；选稳沉或未稳沉时必填。")
    )
    strain = _factor("strain", _("水平变形（mm/m）"))
    tilt = _factor("tilt", _("倾斜（mm/m）"))
    sink = _factor("sink", _("下沉（m）"))
    yield_loss = _factor("yield_loss", _("减产（%）"))

    def clean_yield_loss(self) -> Decimal | None:
        share: Decimal | None = self.cleaned_data["yield_loss"]
        if share is not None and share > 100:
            raise ValidationError(_("减产不能超过 100%。"))
        return share

    @property
    def described(self) -> Description:
        asked = self.cleaned_data
        return Description(
            place=asked["place"],
            land_before=LandClass(asked["land_before"]),
            settlement=Settlement(asked["settlement"]),
            settlement_basis=asked["settlement_basis"],
            factors=Factors(**{name: asked[name] for name in FACTORS}),
        )

    @property
    def body(self) -> bytes:
        return json.dumps([self.data.get(name, "") for name in self.fields]).encode()


class RegisterForm(DescriptionForm):
    """One surveyed site: where it lies, who has to treat it, how large it is and what it is suited for."""

    code = forms.RegexField(
        r"\A[-A-Za-z0-9_]+\Z",
        label=_("图斑编号"),
        max_length=36,
        help_text=_("字母、数字、横线和下划线；全市唯一。分多种用途时，各用途的图斑编号自动加 -1、-2。"),
        error_messages={"invalid": _("图斑编号只能由字母、数字、横线和下划线组成。")},
    )
    mine = MineField(
        may_be_legacy=True,
        label=_("责任主体"),
        help_text=_("矿井名称、拼音、首字母或代码；没有责任矿井的写“历史遗留”。"),
    )
    region = RegionCodeField(label=_("所在村"), help_text=_("名称、拼音、首字母或代码；同名的请写全称。"))
    surveyed_area = AmountField(
        label=_("勘测面积（亩）"), required=False, help_text=_("可以不填，按各用途面积之和计；填了必须与之和相等。")
    )
    surveyed_on = DayField(label=_("摸底日期"))
    document = forms.CharField(label=_("文号"), max_length=120, help_text=_("勘测或核查成果的文件、文号。"))
    subsided_on = DayField(label=_("沉陷日期"), required=False)
    due_on = DayField(label=_("治理期限"), required=False, help_text=_("增量图斑必填：沉陷一个、治理一个。"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mine"].offer(Mine.objects.visible_to(user))  # type: ignore[attr-defined]
        for use in USES:
            self.fields[_area_of(use)] = AmountField(label=use.label, required=False)

    @property
    def uses(self) -> list[forms.BoundField]:
        """The inputs of the areas by use."""
        return [self[_area_of(use)] for use in USES]

    def clean_region(self) -> Region:
        code = self.cleaned_data["region"]
        try:
            return Region.objects.get(pk=code)
        except Region.DoesNotExist as error:
            raise ValidationError(_("没有代码为%(code)s的地区。") % {"code": code}) from error

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        areas_are_read = not any(name in self.errors for name in ("surveyed_area", *map(_area_of, USES)))
        if areas_are_read and asked["surveyed_area"] is None and not self._by_use:
            self.add_error("surveyed_area", _("请填写勘测面积，或按用途填写面积。"))
        return asked

    def refuse(self, refusal: Refused) -> None:
        """Show at the survey's inputs what is said of the request that it be taken up."""
        refusal.field = {"on": "surveyed_on", "area": "surveyed_area"}.get(refusal.field, refusal.field)
        super().refuse(refusal)

    @property
    def _by_use(self) -> list[tuple[SuitedUse, Decimal]]:
        found = [(use, self.cleaned_data.get(_area_of(use))) for use in USES]
        return [(use, area) for use, area in found if area is not None]

    @property
    def survey(self) -> Survey:
        """What was surveyed; without a total it is the sum, without parts the use is 待补."""
        asked, uses = self.cleaned_data, self._by_use
        total = asked["surveyed_area"]
        area = sum((area for _use, area in uses), Decimal(0)) if total is None else total
        return Survey(area, uses or [(SuitedUse.UNKNOWN, area)], asked["surveyed_on"], asked["document"])


class DescribeForm(DescriptionForm):
    """What is known of a registered parcel; `version` is that of the parcel the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    suited_use = forms.ChoiceField(
        label=_("适宜用途"), choices=SuitedUse, required=False, help_text=_("开工以后不能改变。")
    )

    field_order = ["receipt", "version", "suited_use"]


def described_as(parcel: Parcel) -> dict[str, Any]:
    """What the form shows of a parcel; numbers as they would be typed."""
    shown = {name: getattr(parcel, name) for name in DescribeForm.base_fields if hasattr(parcel, name)}
    return shown | {name: "" if shown[name] is None else f"{shown[name].normalize():f}" for name in FACTORS}


def _area_of(use: SuitedUse) -> str:
    """The name of the input with the area of a use."""
    return f"area_{use.value}"
