"""REST of entries (填报): the same services as the pages, the version in ETag and If-Match."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.receipts import Answer
from accounts.rest.once import IDEMPOTENCY_KEY, IF_MATCH, SignedInRequest, answer, answer_once, etag, version_asked
from accounts.rest.strict import Exact, Input
from jurisdictions.api import RegionRef
from jurisdictions.models import WorkLine
from progress.amounts import InvalidAmount, parse_amount
from progress.api.fields import IndicatorRef, PeriodSerializer
from progress.filters import EntryFeedFilter
from progress.models import EntryOrigin, EntryStatus, Period, ProgressEntry, Series
from progress.models.entries import ProgressEntryQuerySet
from progress.services import corrections, entries
from progress.services.entries import Content, StaleVersion
from projects.api import ProjectRef


class EntrySerializer(serializers.Serializer[ProgressEntry]):
    """One entry; a value, no progress with its reason, and a null value without one are three different states."""

    id = serializers.IntegerField()
    series = serializers.IntegerField(source="series_id")
    work_line = serializers.ChoiceField(WorkLine.choices)
    project = ProjectRef(source="series.project")
    indicator = IndicatorRef(source="series.indicator")
    region = RegionRef(source="series.region")
    period = PeriodSerializer()
    revision = serializers.IntegerField()
    origin = serializers.ChoiceField(EntryOrigin.choices)
    status = serializers.ChoiceField(EntryStatus.choices)
    version = serializers.IntegerField()
    value = Exact(allow_null=True)
    no_progress_reason = serializers.CharField()
    note = serializers.CharField()
    basis = serializers.CharField()
    is_void = serializers.BooleanField()
    correction_reason = serializers.CharField()
    return_reason = serializers.CharField()
    is_demo = serializers.BooleanField()
    entered_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    returned_at = serializers.DateTimeField(allow_null=True)


@extend_schema_field({"type": ["string", "integer"], "examples": ["120.50"]})
class AmountText(serializers.CharField):
    """An amount as a string or an integer; a JSON number with a point may have lost digits before it is read."""

    default_error_messages = {"invalid": _('数值请写成字符串（如 "120.50"）或整数，以免丢失精度。')}

    def to_internal_value(self, data: Any) -> str:
        if type(data) not in (str, int):
            self.fail("invalid")
        return super().to_internal_value(str(data))


class ContentInput(Input):
    """What a clerk reports."""

    value = AmountText(required=False, allow_null=True, max_length=60)
    no_progress_reason = serializers.CharField(required=False, allow_blank=True, max_length=200)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class EntryInput(ContentInput):
    """What a clerk reports, on which series, for which period: 2025, 2025-03 or 2025-03-11, the period's first day."""

    series = serializers.IntegerField(min_value=1)
    period = serializers.CharField(max_length=10)


class ReturnInput(Input):
    reason = serializers.CharField(max_length=200)


class CorrectionInput(ReturnInput):
    is_void = serializers.BooleanField(default=False)


class NoInput(Input):
    """A step that needs no words."""


def step_schema(form: type[Input] | None = None, code: int = status.HTTP_200_OK) -> Callable[..., Any]:
    return extend_schema(request=form, responses={code: EntrySerializer}, parameters=[IF_MATCH, IDEMPOTENCY_KEY])


class EntryViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ProgressEntry]):
    """The entries in your scope, and the steps they take: draft → submitted → reviewed → verified, or returned."""

    queryset = ProgressEntry.objects.none()
    serializer_class = EntrySerializer
    filterset_class = EntryFeedFilter
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> ProgressEntryQuerySet:
        return ProgressEntry.objects.visible_to(self.request.user).with_labels()

    def retrieve(self, request: Request, pk: str) -> HttpResponseBase | None:
        entry = self.get_object()
        response = Response(EntrySerializer(entry).data, headers={"ETag": etag(entry.version)})
        return get_conditional_response(request, etag=etag(entry.version), response=response)

    @extend_schema(request=EntryInput, responses={201: EntrySerializer}, parameters=[IDEMPOTENCY_KEY])
    def create(self, request: SignedInRequest) -> Response:
        """Start the draft of a series for a period."""
        data = read(EntryInput, request)
        series = Series.objects.visible_to(request.user).select_related("project", "indicator", "region")
        found = series.filter(pk=data["series"]).first()
        if found is None:
            raise NotFound(_("没有这个填报项，或者它不在您的职责范围内。"))
        period, content = period_named(data["period"], found), content_of(data, found)

        def act() -> Answer:
            at = timezone.now()
            return told(entries.create_draft(series=found, period=period, content=content, by=request.user, at=at), 201)

        return answer_once(request, act)

    @extend_schema(request=ContentInput, responses=EntrySerializer, parameters=[IF_MATCH])
    def partial_update(self, request: SignedInRequest, pk: str) -> Response:
        """Change the content of a draft or a returned entry; a field left out stays as it is."""
        return self._take(request, change, ContentInput)

    @extend_schema(parameters=[IF_MATCH])
    def destroy(self, request: SignedInRequest, pk: str) -> Response:
        """Delete an entry that was never submitted."""
        entries.delete_draft(entry=self.get_object(), version=version_asked(request), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @step_schema()
    @action(detail=True, methods=["post"])
    def submit(self, request: SignedInRequest, pk: str) -> Response:
        """Report the entry to the reviewer."""
        return self._take(request, entries.submit)

    @step_schema()
    @action(detail=True, methods=["post"])
    def withdraw(self, request: SignedInRequest, pk: str) -> Response:
        """Take your own submitted entry back before anybody reviewed it."""
        return self._take(request, entries.withdraw)

    @step_schema()
    @action(detail=True, methods=["post"])
    def review(self, request: SignedInRequest, pk: str) -> Response:
        """Pass a submitted entry on to the verifier."""
        return self._take(request, entries.review)

    @step_schema()
    @action(detail=True, methods=["post"])
    def verify(self, request: SignedInRequest, pk: str) -> Response:
        """Make a reviewed entry final and count it."""
        return self._take(request, entries.verify)

    @step_schema(ReturnInput)
    @action(detail=True, methods=["post"], url_path="return")
    def send_back(self, request: SignedInRequest, pk: str) -> Response:
        """Send a submitted or reviewed entry back to its clerk, with the reason."""
        return self._take(request, entries.return_entry, ReturnInput)

    @step_schema(CorrectionInput, code=201)
    @action(detail=True, methods=["post"])
    def correct(self, request: SignedInRequest, pk: str) -> Response:
        """Open the correction of a verified entry: its next revision, to be filled and passed like any other."""
        return self._take(request, correct, CorrectionInput, code=201)

    def _take(
        self,
        request: SignedInRequest,
        step: Callable[..., ProgressEntry],
        form: type[Input] = NoInput,
        code: int = status.HTTP_200_OK,
    ) -> Response:
        entry, version, given = self.get_object(), version_asked(request), read(form, request)

        def act() -> Answer:
            return told(step(entry=entry, version=version, by=request.user, at=timezone.now(), **given), code)

        return answer_once(request, act)


def change(*, entry: ProgressEntry, version: int, by: User, at: datetime.datetime, **data: Any) -> ProgressEntry:
    content = content_of(data, entry.series, entry)
    return entries.change_draft(entry=entry, version=version, content=content, by=by, at=at)


def correct(*, entry: ProgressEntry, version: int, **given: Any) -> ProgressEntry:
    """A verified entry never changes, so its version is checked without a lock."""
    if version != entry.version:
        raise StaleVersion(entry)
    return corrections.open_correction(entry=entry, **given)


def told(entry: ProgressEntry, code: int = status.HTTP_200_OK) -> Answer:
    return answer(EntrySerializer(entry).data, code, ETag=etag(entry.version))


def read(form: type[Input], request: Request) -> dict[str, Any]:
    """What the body says. Raises ValidationError."""
    given = form(data=request.data)
    given.is_valid(raise_exception=True)
    data: dict[str, Any] = given.validated_data
    return data


def period_named(name: str, series: Series) -> Period:
    """The period of the series' frequency that begins on the named day, month or year."""
    first = name + "-01-01"[len(name) - 4 :] if len(name) in (4, 7) else name
    try:
        return Period.objects.get(kind=series.frequency, start_on=datetime.date.fromisoformat(first))
    except (ValueError, Period.DoesNotExist) as error:
        message = _("没有这个调度期；请按首日写成 2025、2025-03 或 2025-03-11，且与填报项的频次相符。")
        raise ValidationError({"period": [message]}, code="unknown_period") from error


def content_of(data: dict[str, Any], series: Series, entry: ProgressEntry | None = None) -> Content:
    """The content as it will be: what the body says, else what the entry says already."""
    return Content(
        value=amount(data["value"], series) if "value" in data else entry.value if entry else None,
        no_progress_reason=data.get("no_progress_reason", entry.no_progress_reason if entry else ""),
        note=data.get("note", entry.note if entry else ""),
    )


def amount(text: str | None, series: Series) -> Decimal | None:
    indicator = series.indicator
    if text is None:
        return None
    try:
        return parse_amount(text, decimals=indicator.decimals, may_be_negative=indicator.may_be_negative)
    except InvalidAmount as error:
        raise ValidationError({"value": [str(error.message)]}, code="invalid_amount") from error
