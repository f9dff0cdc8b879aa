"""REST of the ledger of parcels: read, registered and described by the services of the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.receipts import Answer
from accounts.refusals import Refused
from accounts.rest.once import IDEMPOTENCY_KEY, IF_MATCH, SignedInRequest, answer, answer_once, etag, version_asked
from accounts.rest.strict import Exact, Input
from accounts.rest.tokens import may_be_told
from accounts.services.exports import record_export
from jurisdictions.api import RegionRef
from jurisdictions.models import Region
from progress.api.entries import read
from progress.api.rollups import RegionCode
from projects.api import Known, KnownChoice, ProjectRef
from subsidence.api.features import FeatureCollectionSerializer, Features, GeoJson, features
from subsidence.api.fields import CODE, Amount, AreasSerializer, MineCode, MineRef
from subsidence.api.stages import StageInput, StageRequestSerializer, StepSerializer
from subsidence.api.stages import told as request_told
from subsidence.filters.parcels import ParcelFilter
from subsidence.models import DamageGrade, LandClass, Origin, Parcel, ParcelStage, Settlement, Stage, SuitedUse
from subsidence.models.parcels import ParcelQuerySet
from subsidence.services import discards, parcels, stages
from subsidence.services.parcels import Description, Factors, Survey

#: Digits after the point of each factor of damage.
FACTORS = {"strain": 2, "tilt": 2, "sink": 3, "yield_loss": 2}
#: Inputs of a registration under which a refusal of the services is told.
INPUTS = {"on": "surveyed_on", "area": "surveyed_area"}


def known(choices: Any) -> KnownChoice:
    return KnownChoice([choice for choice in choices.choices if choice[0]])


class DutyRef(serializers.Serializer[Any]):
    due_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)


class ParcelSerializer(serializers.Serializer[Parcel]):
    """One parcel; null is what nobody knows yet (待补). Areas are in 亩; a null mine is 历史遗留."""

    code = serializers.CharField()
    site = Known(help_text="the survey of which it is one use")
    place = Known()
    mine = MineRef(allow_null=True)
    project = ProjectRef()
    region = RegionRef()
    origin = serializers.ChoiceField(Origin.choices)
    subsided_on = serializers.DateField(allow_null=True)
    land_before = known(LandClass)
    suited_use = known(SuitedUse)
    settlement = known(Settlement)
    settlement_basis = serializers.CharField()
    strain = Exact(allow_null=True, help_text="mm/m")
    tilt = Exact(allow_null=True, help_text="mm/m")
    sink = Exact(allow_null=True, help_text="m")
    yield_loss = Exact(allow_null=True, help_text="%")
    damage_grade = known(DamageGrade)
    areas_mu = AreasSerializer(source="*")
    boundary_area_mu = Exact(source="drawn", allow_null=True, help_text="inside its boundary; null without one")
    duty = DutyRef(allow_null=True)
    version = serializers.IntegerField()
    basis = serializers.CharField()
    is_demo = serializers.BooleanField()


class DescriptionInput(Input):
    """What is known of a parcel beside its place, holder and area; empty is 待补."""

    place = serializers.CharField(required=False, allow_blank=True, max_length=200)
    land_before = serializers.ChoiceField(LandClass.choices, required=False, allow_blank=True)
    settlement = serializers.ChoiceField(Settlement.choices, required=False, allow_blank=True)
    settlement_basis = serializers.CharField(required=False, allow_blank=True, max_length=200)
    strain = Amount(decimals=2, required=False, allow_null=True)
    tilt = Amount(decimals=2, required=False, allow_null=True)
    sink = Amount(decimals=3, required=False, allow_null=True)
    yield_loss = Amount(decimals=2, required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name, decimals in FACTORS.items():
            most = 100 if name == "yield_loss" else 10 ** (8 - decimals) - 1
            if (attrs.get(name) or 0) > most:
                said = _("减产不能超过 100%。") if name == "yield_loss" else _("数值过大：最多为 %d。") % most
                raise ValidationError({name: [said]}, code="invalid_amount")
        return attrs


class UseInput(Input):
    """The part of a survey that is suited for one use."""

    suited_use = serializers.ChoiceField([choice for choice in SuitedUse.choices if choice[0]])
    area = Amount()


class ParcelInput(DescriptionInput):
    """One surveyed site; a mine of null is 历史遗留, and 增量 needs a mine, a day and a deadline."""

    code = serializers.RegexField(
        r"\A[-A-Za-z0-9_]+\Z",
        max_length=36,
        error_messages={"invalid": _("图斑编号只能由字母、数字、横线和下划线组成。")},
    )
    mine = MineCode(allow_null=True)
    region = RegionCode()
    surveyed_area = Amount()
    uses = UseInput(many=True, required=False)
    surveyed_on = serializers.DateField()
    document = serializers.CharField(max_length=120)
    subsided_on = serializers.DateField(required=False, allow_null=True)
    due_on = serializers.DateField(required=False, allow_null=True)

    def validate_uses(self, uses: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({use["suited_use"] for use in uses}) < len(uses):
            raise serializers.ValidationError(_("同一用途只能填写一次。"), code="unique")
        return uses

    def validate_region(self, code: str) -> Region:
        region = Region.objects.filter(pk=code).first()
        if region is None:
            raise serializers.ValidationError(_("没有代码为%(code)s的地区。") % {"code": code}, code="unknown")
        return region


class DescribeInput(DescriptionInput):
    """What is known of it now; a field left out stays as it is."""

    suited_use = serializers.ChoiceField(SuitedUse.choices, required=False, allow_blank=True)


@extend_schema_serializer(many=False)
class RegisteredSerializer(serializers.Serializer[Any]):
    """The parcels of the site: one, or one for each use."""

    results = ParcelSerializer(many=True)


@extend_schema_serializer(many=False)
class ChainSerializer(serializers.Serializer[Any]):
    """The steps of a parcel in their order, and all that was ever asked for."""

    as_of = serializers.DateTimeField()
    parcel = serializers.CharField()
    steps = StepSerializer(many=True)
    requests = StageRequestSerializer(many=True)


class ParcelViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Parcel]):
    """The parcels in your scope, found by the filters of their page."""

    queryset = Parcel.objects.none()
    serializer_class = ParcelSerializer
    filterset_class = ParcelFilter
    keyset = "code"
    lookup_field = "code"
    lookup_value_regex = CODE

    def get_queryset(self) -> ParcelQuerySet:
        visible = Parcel.objects.visible_to(self.request.user).with_labels().select_related("duty")
        return visible.annotate(drawn=F("boundary__area"))

    def retrieve(self, request: Request, code: str) -> HttpResponseBase | None:
        parcel = self.get_object()
        response = Response(ParcelSerializer(parcel).data, headers={"ETag": etag(parcel.version)})
        return get_conditional_response(request, etag=etag(parcel.version), response=response)

    @extend_schema(request=ParcelInput, responses={201: RegisteredSerializer}, parameters=[IDEMPOTENCY_KEY])
    def create(self, request: SignedInRequest) -> Response:
        """Register a surveyed site; its area counts once another person approved the survey."""
        data = _read(ParcelInput, request)

        def act() -> Answer:
            made = [parcel.pk for parcel in _register(request, data)]
            rows = self.get_queryset().filter(pk__in=made).order_by("code")
            return answer(RegisteredSerializer({"results": rows}).data, status.HTTP_201_CREATED)

        return answer_once(request, act)

    @extend_schema(request=DescribeInput, responses=ParcelSerializer, parameters=[IF_MATCH])
    def partial_update(self, request: SignedInRequest, code: str) -> Response:
        """Say what is known of a parcel; its use only while nothing of it is started."""
        parcel, version, data = self.get_object(), version_asked(request), _read(DescribeInput, request)
        parcels.describe(
            parcel=parcel,
            version=version,
            suited_use=SuitedUse(data.get("suited_use", parcel.suited_use)),
            described=_described(data, parcel),
            by=request.user,
            at=timezone.now(),
        )
        described = self.get_object()
        return Response(ParcelSerializer(described).data, headers={"ETag": etag(described.version)})

    @extend_schema(parameters=[IF_MATCH])
    def destroy(self, request: SignedInRequest, code: str) -> Response:
        """Delete a parcel of which nothing was ever approved."""
        discards.discard(parcel=self.get_object(), version=version_asked(request), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["get"], responses=ChainSerializer)
    @extend_schema(
        methods=["post"], request=StageInput, responses={201: StageRequestSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def stages(self, request: SignedInRequest, code: str) -> Response:
        """The chain of the parcel and what was asked for; or ask that an area take a stage."""
        parcel = self.get_object()
        if request.method == "POST":
            return self._ask(request, parcel)
        told = {
            "as_of": timezone.localtime(),
            "parcel": parcel.code,
            "steps": parcel.stages.order_by("on", "pk"),
            "requests": parcel.requests.select_related("parcel").order_by("pk"),
        }
        return Response(ChainSerializer(told).data)

    def _ask(self, request: SignedInRequest, parcel: Parcel) -> Response:
        data = read(StageInput, request)
        reverses, stage = data.pop("reverses", None), Stage(data.pop("stage"))
        step = ParcelStage.objects.filter(parcel=parcel, pk=reverses).first() if reverses else None
        if reverses and step is None:
            raise ValidationError({"reverses": [_("该图斑没有这个环节。")]}, code="unknown")

        def act() -> Answer:
            at = timezone.now()
            asked = stages.ask(parcel=parcel, stage=stage, reverses=step, by=request.user, at=at, **data)
            return request_told(asked, status.HTTP_201_CREATED)

        return answer_once(request, act)

    @extend_schema(
        responses={(200, GeoJson.media_type): FeatureCollectionSerializer}, filters=True, parameters=Features.PARAMETERS
    )
    @action(detail=False, pagination_class=Features, renderer_classes=[GeoJson, JSONRenderer])
    def geojson(self, request: SignedInRequest) -> Response:
        """The parcels as features; a geometry is null unless the token's scope says `coordinates`."""
        has_coordinates = may_be_told(request, Scope.COORDINATES)
        visible = Parcel.objects.visible_to(request.user)
        page = self.paginate_queryset(features(self.filter_queryset(visible), has_coordinates=has_coordinates)) or []
        if has_coordinates:
            query = request.query_params.urlencode()
            record_export(by=request.user, page="api/parcels", query=query, form="geojson", rows=len(page))
        return self.get_paginated_response(page)


def _read(form: type[Input], request: SignedInRequest) -> dict[str, Any]:
    """What the body says, with the mine that it names. Raises ValidationError."""
    given = form(data=request.data, context={"request": request})
    given.is_valid(raise_exception=True)
    data: dict[str, Any] = given.validated_data
    return data


def _register(request: SignedInRequest, data: dict[str, Any]) -> list[Parcel]:
    area, uses = data["surveyed_area"], [(SuitedUse(use["suited_use"]), use["area"]) for use in data.get("uses", ())]
    survey = Survey(area, uses or [(SuitedUse.UNKNOWN, area)], data["surveyed_on"], data["document"])
    try:
        return parcels.register(
            code=data["code"],
            mine=data["mine"],
            region=data["region"],
            survey=survey,
            subsided_on=data.get("subsided_on"),
            due_on=data.get("due_on"),
            described=_described(data),
            by=request.user,
            at=timezone.now(),
        )
    except Refused as refusal:
        refusal.field = INPUTS.get(refusal.field, refusal.field)
        raise


def _described(data: dict[str, Any], parcel: Parcel | None = None) -> Description:
    """What is known as it will be: what the body says, else what stands."""
    names = ("place", "land_before", "settlement", "settlement_basis", *FACTORS)
    known: dict[str, Any] = {name: data.get(name, getattr(parcel, name, None)) for name in names}
    return Description(
        place=known["place"] or "",
        land_before=LandClass(known["land_before"] or ""),
        settlement=Settlement(known["settlement"] or ""),
        settlement_basis=known["settlement_basis"] or "",
        factors=Factors(**{name: known[name] for name in FACTORS}),
    )
