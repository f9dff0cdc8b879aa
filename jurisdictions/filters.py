"""The filter every list has, a region with all below it, and those of regions and organisations."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Left, Length
from django.db.models.lookups import In
from django.utils.translation import gettext_lazy as _

from jurisdictions import codes
from jurisdictions.models import Organisation, OrganisationKind, Region, RegionLevel
from jurisdictions.spelling import folded, letters

#: Regions that an ambiguous name is answered with.
CANDIDATES = 8


def named(text: str, path: str = "") -> Q:
    """Rows that lead by `path` to something whose name, pinyin or initials have the text in them."""
    return written(text, f"{path}name") | spelt(text, path)


def written(text: str, column: str) -> Q:
    """Rows with the text in the column, whatever its case and however wide its letters are."""
    return Q(**{f"{column}__icontains": text}) | Q(**{f"{column}__icontains": folded(text)})


def spelt(text: str, path: str = "", *, anywhere: bool = True) -> Q:
    """Rows with the text in the pinyin or initials of what `path` leads to; none for a text that is not letters."""
    found, lookup = letters(text), "contains" if anywhere else "startswith"
    if not found:
        return Q(pk__in=())
    return Q(**{f"{path}pinyin__{lookup}": found}) | Q(**{f"{path}initials__{lookup}": found})


def regions_named(text: str) -> QuerySet[Region]:
    """The regions whose path has the text in Chinese, or whose own name begins so in pinyin or initials."""
    return Region.objects.filter(written(text, "full_name") | spelt(text, anywhere=False))


def within_named(text: str, path: str) -> Q:
    """Rows whose region, its code at `path`, is named so or lies below one that is: zzx is all of 长子县."""
    named = regions_named(text).values("code")
    # Asked by the length of the code, each is one set that the database builds once and looks every row up in.
    return Q(*(In(Left(F(path), length), named) for length in codes.LENGTHS), _connector=Q.OR)


class RegionInput(forms.TextInput):
    """A region by its name, pinyin, initials or code, with the counties to pick from."""

    template_name = "jurisdictions/region_input.html"

    def format_value(self, value: Any) -> str | None:
        """A code as the region's name, if the name reads back as that code; anything else as it was typed."""
        try:
            code = codes.canonical(str(value or ""))
        except codes.InvalidCode:
            typed: str | None = super().format_value(value)
            return typed
        name = Region.objects.filter(pk=code).values_list("full_name", flat=True).first()
        return name if name and _reads_as(name, code) else str(value)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        said = {"list": "counties", "autocomplete": "off", "placeholder": _("名称、拼音或代码")}
        context = super().get_context(name, value, {**(attrs or {}), **said})
        counties = Region.objects.filter(level__in=(RegionLevel.CITY, RegionLevel.COUNTY))
        return {**context, "regions": counties.order_by("code")}


class RegionCodeField(forms.CharField):
    """A region as people name it: 长子县, zhangzi, zzx, 140428; cleans to its short code."""

    widget = RegionInput

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            return codes.canonical(text) if text else ""
        except codes.InvalidCode:
            return _only_region(text)

    def said(self, code: str) -> str:
        """The region's name, the code where there is none."""
        return Region.objects.filter(pk=code).values_list("full_name", flat=True).first() or code


def _reads_as(name: str, code: str) -> bool:
    try:
        return _only_region(name) == code
    except ValidationError:
        return False


def _only_region(text: str) -> str:
    """The code of the one region that the text names. Raises ValidationError, with the candidates if it is several."""
    whole, spelling = folded(text), letters(text)
    exactly = Q(name=whole) | Q(short_name=whole) | Q(full_name=whole)
    if spelling:
        exactly |= Q(pinyin=spelling) | Q(initials=spelling)
    # One letter or character begins too many names to mean any of them.
    loosely = regions_named(text) if len(whole) > 1 else Region.objects.none()
    for regions in (Region.objects.filter(exactly), loosely):
        # Of a county and a village with the same initials, the county is meant.
        found = list(regions.order_by(Length("code"), "code")[: CANDIDATES + 1])
        highest = [region for region in found if region.level == found[0].level]
        if len(highest) == 1:
            return highest[0].code
        if highest:
            names = "、".join(region.full_name for region in highest[:CANDIDATES])
            more = _("等") if len(highest) > CANDIDATES else ""
            message = _("“%(text)s”不止一个地区：%(names)s%(more)s。请写全称或代码。")
            raise ValidationError(message, params={"text": text, "names": names, "more": more})
    raise ValidationError(_("没有“%(text)s”这个地区，请填写名称、拼音、首字母或行政区划代码。"), params={"text": text})


class SubtreeFilter(django_filters.Filter):
    """Rows of a region and of all below it: `region=1404` and `region=140400` are the whole city."""

    field_class = RegionCodeField

    def __init__(self, field_name: str = "region__code", **kwargs: Any) -> None:
        kwargs.setdefault("label", _("地区"))
        super().__init__(field_name=field_name, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__startswith": value}) if value else qs


class RegionFilter(django_filters.FilterSet):
    region = SubtreeFilter("code")
    level = django_filters.ChoiceFilter(choices=RegionLevel, label=_("级别"), empty_label=_("全部"))
    search = django_filters.CharFilter(method="named", label=_("名称、拼音或首字母"))

    class Meta:
        model = Region
        fields: list[str] = []

    def named(self, rows: QuerySet[Region], _name: str, text: str) -> QuerySet[Region]:
        return rows & regions_named(text)


class OrganisationFilter(django_filters.FilterSet):
    region = SubtreeFilter()
    kind = django_filters.ChoiceFilter(choices=OrganisationKind, label=_("类别"), empty_label=_("全部"))
    search = django_filters.CharFilter(field_name="name", lookup_expr="contains", label=_("名称"))

    class Meta:
        model = Organisation
        fields: list[str] = []
