"""REST of stages: what was asked for, and deciding on it; the steps of a parcel are told by the parcel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.receipts import Answer
from accounts.rest.once import IDEMPOTENCY_KEY, SignedInRequest, answer, answer_once
from accounts.rest.strict import Exact, Input
from progress.api.entries import NoInput, read
from projects.api import Known
from subsidence.api.fields import Amount
from subsidence.filters.requests import StageRequestFilter
from subsidence.models import ParcelStage, RequestStatus, Stage, StageRequest
from subsidence.models.scopes import OfParcelQuerySet
from subsidence.services import stages


class StepSerializer(serializers.Serializer[ParcelStage]):
    """An area (亩) that took a stage on a day; below zero where a survey found less, or where it reverses a step."""

    id = serializers.IntegerField()
    stage = serializers.ChoiceField(Stage.choices)
    on = serializers.DateField()
    area_mu = Exact(source="area")
    document = Known()
    note = serializers.CharField()
    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)
    request = serializers.IntegerField(source="request_id", allow_null=True)
    recorded_at = serializers.DateTimeField()
    basis = serializers.CharField()


class StageRequestSerializer(serializers.Serializer[StageRequest]):
    """What one person asked for; it counts once another approved it."""

    id = serializers.IntegerField()
    parcel = serializers.CharField(source="parcel.code")
    stage = serializers.ChoiceField(Stage.choices)
    on = serializers.DateField()
    area_mu = Exact(source="area")
    document = serializers.CharField()
    note = serializers.CharField()
    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)
    status = serializers.ChoiceField(RequestStatus.choices)
    recorded_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(help_text="why it was sent back")


class StageInput(Input):
    """What is asked for; a step is taken back by its area with the opposite sign, naming it in `reverses`."""

    stage = serializers.ChoiceField(Stage.choices)
    on = serializers.DateField()
    area = Amount(may_be_negative=True)
    document = serializers.CharField(max_length=120)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)
    reverses = serializers.IntegerField(required=False, allow_null=True, min_value=1)


class SendBackInput(Input):
    reason = serializers.CharField(max_length=500)


def told(request: StageRequest, code: int = 200) -> Answer:
    return answer(StageRequestSerializer(request).data, code)


def step_schema(form: type[Input] | None = None) -> Callable[..., Any]:
    return extend_schema(request=form, responses=StageRequestSerializer, parameters=[IDEMPOTENCY_KEY])


class StageRequestViewSet(viewsets.ReadOnlyModelViewSet[StageRequest]):
    """The requests for stages in your scope, the newest first; whoever did not ask may approve."""

    queryset = StageRequest.objects.none()
    serializer_class = StageRequestSerializer
    filterset_class = StageRequestFilter
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> OfParcelQuerySet[StageRequest]:
        return StageRequest.objects.visible_to(self.request.user).select_related("parcel")

    @step_schema()
    @action(detail=True, methods=["post"])
    def approve(self, request: SignedInRequest, pk: str) -> Response:
        """Append the step to the parcel's chain and count its area."""
        return self._take(request, stages.approve)

    @step_schema(SendBackInput)
    @action(detail=True, methods=["post"], url_path="return")
    def send_back(self, request: SignedInRequest, pk: str) -> Response:
        """Send the request back to whoever made it, with the reason."""
        return self._take(request, stages.send_back, SendBackInput)

    @step_schema()
    @action(detail=True, methods=["post"])
    def withdraw(self, request: SignedInRequest, pk: str) -> Response:
        """Take back your own request before anybody decided on it."""
        return self._take(request, stages.withdraw)

    def _take(self, request: SignedInRequest, step: Callable[..., Any], form: type[Input] = NoInput) -> Response:
        asked, given = self.get_object(), read(form, request)

        def act() -> Answer:
            step(request=asked, by=request.user, at=timezone.now(), **given)
            return told(self.get_queryset().get(pk=asked.pk))

        return answer_once(request, act)
