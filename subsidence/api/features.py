"""Parcels as GeoJSON (RFC 7946). Coordinates are restricted: a geometry is null unless the token may be told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.rest.paging import Keyset
from accounts.rest.strict import Exact
from jurisdictions import codes
from projects.api import Known, KnownChoice
from subsidence.api.fields import AREAS
from subsidence.models import DamageGrade, Origin, Parcel, Settlement, SuitedUse

#: Properties of a feature by the path to each; an empty text is what nobody knows yet.
_TEXTS = {
    "mine": "mine__code",
    "region": "region_id",
    "place": "region__full_name",
    "origin": "origin",
    "suited_use": "suited_use",
    "settlement": "settlement",
    "damage_grade": "damage_grade",
}
_AMOUNTS = {**{f"{name}_mu": field for name, field in AREAS.items()}, "boundary_mu": "drawn"}


class GeoJson(JSONRenderer):
    """GeoJSON that is written already, or the JSON of a problem."""

    media_type = "application/geo+json"
    format = "geojson"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        body: bytes = data if isinstance(data, bytes) else super().render(data, *args, **kwargs)
        return body


class Features(Keyset):
    """A county's parcels fit on one page; `next` goes on where there are more."""

    default_size, largest_size = 2_000, 5_000
    PARAMETERS = [
        OpenApiParameter("cursor", OpenApiTypes.STR, description="As given in `next`."),
        OpenApiParameter("limit", OpenApiTypes.INT, description="Features on a page, at most 5000; 2000 by default."),
    ]

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        rest = {"as_of": timezone.localtime(self.as_of).isoformat(), "next": self._next()}
        head = json.dumps({"type": "FeatureCollection", **rest}, ensure_ascii=False)[:-1]
        return Response(f'{head}, "features": [{", ".join(map(_feature, data))}]}}'.encode())


def features(parcels: QuerySet[Parcel], *, has_coordinates: bool) -> QuerySet[Any]:
    """What a feature tells of each parcel; a boundary goes from the database to the answer without being read."""
    rows: Any = parcels.annotate(drawn=F("boundary__area"))
    names = ["code", "is_demo", *_TEXTS.values(), *_AMOUNTS.values()]
    if has_coordinates:
        rows, names = rows.annotate(geometry=Cast("boundary__geometry", TextField())), [*names, "geometry"]
    found: QuerySet[Any] = rows.values_list(*names, named=True)
    return found


def _feature(row: Any) -> str:
    facts: Mapping[str, Any] = row._asdict()
    properties = {
        "code": facts["code"],
        **{name: facts[path] or None for name, path in _TEXTS.items()},
        **{name: _exact(facts[path]) for name, path in _AMOUNTS.items()},
        "is_demo": facts["is_demo"],
    }
    properties["region"] = codes.official(facts["region_id"])
    told = json.dumps(properties, ensure_ascii=False)
    name = json.dumps(facts["code"])
    return f'{{"type": "Feature", "id": {name}, "geometry": {facts.get("geometry") or "null"}, "properties": {told}}}'


def _exact(amount: Any) -> str | None:
    return None if amount is None else Exact().to_representation(amount)


_POSITION = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_RINGS = {"type": "array", "items": {"type": "array", "items": _POSITION, "minItems": 4}}


@extend_schema_field(
    {
        "type": ["object", "null"],
        "description": "Polygon or MultiPolygon, longitude first, CGCS2000 degrees, which differ from WGS 84 by "
        "centimetres; null without a boundary, or where the token may not be told.",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"enum": ["Polygon", "MultiPolygon"]},
            "coordinates": {"oneOf": [_RINGS, {"type": "array", "items": _RINGS}]},
        },
    }
)
class Geometry(serializers.JSONField):
    """A boundary."""


class PropertiesSerializer(serializers.Serializer[Any]):
    """What a feature tells of its parcel; areas in 亩."""

    code = serializers.CharField()
    mine = Known(help_text="its code; null for 历史遗留")
    region = serializers.CharField()
    place = serializers.CharField(help_text="the region's full name")
    origin = serializers.ChoiceField(Origin.choices)
    suited_use = KnownChoice([choice for choice in SuitedUse.choices if choice[0]])
    settlement = KnownChoice([choice for choice in Settlement.choices if choice[0]])
    damage_grade = KnownChoice([choice for choice in DamageGrade.choices if choice[0]])
    surveyed_mu = Exact()
    approved_mu = Exact()
    started_mu = Exact()
    finished_mu = Exact()
    self_checked_mu = Exact()
    accepted_mu = Exact()
    published_mu = Exact()
    closed_mu = Exact()
    tended_mu = Exact()
    boundary_mu = Exact(allow_null=True, help_text="inside its boundary; null without one")
    is_demo = serializers.BooleanField()


class FeatureSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["Feature"])
    id = serializers.CharField(help_text="the parcel's code")
    geometry = Geometry(allow_null=True)
    properties = PropertiesSerializer()


@extend_schema_serializer(many=False)
class FeatureCollectionSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["FeatureCollection"])
    as_of = serializers.DateTimeField()
    next = serializers.URLField(allow_null=True, help_text="the next page, null on the last")
    features = FeatureSerializer(many=True)
