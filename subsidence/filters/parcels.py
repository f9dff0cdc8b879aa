"""The filters of the parcel ledger, shared by page and API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.policy import today
from jurisdictions.filters import CANDIDATES, SubtreeFilter, named, within_named
from subsidence.models import (
    DamageGrade,
    Mine,
    Origin,
    Parcel,
    RequestStatus,
    Settlement,
    Stage,
    StageRequest,
    SuitedUse,
)

#: Asks for what is still 待补; an empty parameter asks for all.
UNKNOWN = "unknown"
#: How the address and a form name the holder of land that no mine answers for; the second is typed by people.
LEGACY, LEGACY_WORD = "legacy", "历史遗留"


def _with_unknown(choices: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(value or UNKNOWN, label) for value, label in choices]


def _holding_mines(request: HttpRequest | None) -> QuerySet[Mine]:
    """The mines in sight that have parcels; the register holds many that have none."""
    if request is None:
        return Mine.objects.none()
    has_parcels = Exists(Parcel.objects.filter(mine=OuterRef("pk")))
    return Mine.objects.visible_to(request.user).filter(has_parcels).order_by("pinyin", "code")


class UnknownOrFilter(django_filters.ChoiceFilter):
    """One choice of a column in which an empty text is 待补."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: "" if value == UNKNOWN else value}) if value else qs


class MineInput(forms.TextInput):
    """A mine by its name, pinyin, initials or code, with those in sight to pick from."""

    template_name = "subsidence/mine_input.html"
    mines: QuerySet[Mine] = Mine.objects.none()
    may_be_legacy = False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        said = {"list": "mines", "autocomplete": "off", "placeholder": _("名称、拼音或代码")}
        context = super().get_context(name, value, {**(attrs or {}), **said})
        return {
            **context,
            "mines": self.mines.order_by("pinyin", "code"),
            "legacy": LEGACY_WORD if self.may_be_legacy else "",
        }


class MineField(forms.CharField):
    """A mine as people name it, among those in sight: 雄山五矿, xiongshan, its code; cleans to the mine.

    Where `may_be_legacy`, 历史遗留 may be said instead and cleans to None.
    """

    widget = MineInput
    mines: QuerySet[Mine] = Mine.objects.none()

    def __init__(self, *, may_be_legacy: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.may_be_legacy = self.widget.may_be_legacy = may_be_legacy

    def offer(self, mines: QuerySet[Mine]) -> None:
        """Say which mines may be named."""
        self.mines = self.widget.mines = mines

    def clean(self, value: Any) -> Mine | None:
        text: str = super().clean(value)
        is_named = text and not (self.may_be_legacy and text == LEGACY_WORD)
        return _only_mine(text, self.mines) if is_named else None


def _only_mine(text: str, mines: QuerySet[Mine]) -> Mine:
    """The one mine that the text names. Raises ValidationError, with the candidates if it is several."""
    for lookup in (Q(code=text) | Q(name=text), named(text) | Q(code__icontains=text)):
        found = list(mines.filter(lookup).order_by(Length("name"), "code")[: CANDIDATES + 1])
        if len(found) == 1:
            return found[0]
        if found:
            names = "、".join(f"{mine}（{mine.code}）" for mine in found[:CANDIDATES])
            more = _("等") if len(found) > CANDIDATES else ""
            message = _("“%(text)s”不止一座矿井：%(names)s%(more)s。请写全称或代码。")
            raise ValidationError(message, params={"text": text, "names": names, "more": more})
    raise ValidationError(_("您的职责范围内没有“%(text)s”这座矿井。"), params={"text": text})


class ParcelFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="about",
        label=_("图斑、矿井或村"),
        widget=forms.TextInput(attrs={"placeholder": _("编号、名称、拼音或首字母")}),
    )
    region = SubtreeFilter()
    mine = django_filters.ModelChoiceFilter(
        queryset=_holding_mines,
        to_field_name="code",
        label=_("责任主体"),
        empty_label=_("全部"),
        null_label=_("历史遗留"),
        null_value=LEGACY,
    )
    origin = django_filters.ChoiceFilter(choices=Origin, label=_("存量或增量"), empty_label=_("全部"))
    suited_use = UnknownOrFilter(choices=_with_unknown(SuitedUse.choices), label=_("适宜用途"), empty_label=_("全部"))
    stage = django_filters.ChoiceFilter(
        choices=[(UNKNOWN, _("摸底待审批")), *Stage.choices],
        method="at_stage",
        label=_("已到环节"),
        empty_label=_("全部"),
    )
    reached = django_filters.ChoiceFilter(
        choices=Stage.choices, method="beyond_stage", label=_("已走完环节"), widget=forms.HiddenInput
    )
    settlement = UnknownOrFilter(choices=_with_unknown(Settlement.choices), label=_("稳沉"), empty_label=_("全部"))
    damage_grade = UnknownOrFilter(
        choices=_with_unknown(DamageGrade.choices), label=_("损毁程度"), empty_label=_("全部")
    )
    pending = django_filters.ChoiceFilter(
        choices=[("yes", _("有待审批")), ("no", _("没有"))],
        method="has_pending",
        label=_("待审批申报"),
        empty_label=_("全部"),
    )
    duty = django_filters.ChoiceFilter(
        choices=[("overdue", _("已逾期")), ("open", _("未办结")), ("closed", _("已办结"))],
        method="with_duty",
        label=_("治理任务"),
        empty_label=_("全部"),
    )
    project = django_filters.CharFilter(field_name="project__code", widget=forms.HiddenInput, label=_("项目代码"))
    site = django_filters.CharFilter(field_name="site", widget=forms.HiddenInput, label=_("勘测编号"))

    class Meta:
        model = Parcel
        fields: list[str] = []

    def about(self, rows: QuerySet[Parcel], _name: str, text: str) -> QuerySet[Parcel]:
        is_its_own = Q(code__icontains=text) | Q(site__icontains=text) | Q(place__icontains=text)
        is_of_mine = named(text, "mine__") | Q(mine__code__icontains=text)
        return rows.filter(is_its_own | is_of_mine | within_named(text, "region_id"))

    def beyond_stage(self, rows: QuerySet[Parcel], _name: str, stage: str) -> QuerySet[Parcel]:
        """The parcels of which some area has taken that stage, however far it went on."""
        return rows.filter(**{f"{Stage(stage).area_field}__gt": 0})

    def at_stage(self, rows: QuerySet[Parcel], _name: str, stage: str) -> QuerySet[Parcel]:
        """The parcels of which some area has taken that stage, and none the next."""
        if stage == UNKNOWN:
            return rows.filter(surveyed_area=0)
        order = list(Stage)
        number = order.index(Stage(stage))
        rows = rows.filter(**{f"{order[number].area_field}__gt": 0})
        return rows.filter(**{order[number + 1].area_field: 0}) if number + 1 < len(order) else rows

    def has_pending(self, rows: QuerySet[Parcel], _name: str, answer: str) -> QuerySet[Parcel]:
        waits = Exists(StageRequest.objects.filter(parcel=OuterRef("pk"), status=RequestStatus.PENDING))
        return rows.filter(waits if answer == "yes" else ~waits)

    def with_duty(self, rows: QuerySet[Parcel], _name: str, value: str) -> QuerySet[Parcel]:
        match value:
            case "overdue":
                return rows.filter(duty__closed_on=None, duty__due_on__lt=today())
            case "open":
                return rows.filter(duty__isnull=False, duty__closed_on=None)
        return rows.filter(duty__closed_on__isnull=False)
