"""REST of the status in one call, for other platforms: every work line with its targets and its entries counted."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.once import SignedInRequest
from jurisdictions.models import WorkLine
from progress import rollups
from progress.api.fields import LookQuery, look_of
from progress.api.targets import TargetSerializer, told, visible_targets
from progress.figures import Look
from progress.models import EntryStatus, ProgressEntry


class EntryCountsSerializer(serializers.Serializer[Any]):
    """How many entries stand in each status."""

    draft = serializers.IntegerField()
    submitted = serializers.IntegerField()
    returned = serializers.IntegerField()
    reviewed = serializers.IntegerField()
    verified = serializers.IntegerField()


class LineStatusSerializer(serializers.Serializer[Any]):
    work_line = serializers.ChoiceField(WorkLine.choices)
    name = serializers.CharField()
    targets = TargetSerializer(many=True)
    entries = EntryCountsSerializer(allow_null=True, help_text="null in a look back: the counts are not kept")


@extend_schema_serializer(many=False)
class StatusSerializer(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField()
    work_lines = LineStatusSerializer(many=True)


class StatusSummaryViewSet(viewsets.ViewSet):
    """Where the work stands, as far as your scope reaches, in one frozen view of the database."""

    @extend_schema(parameters=[LookQuery], responses=StatusSerializer)
    def list(self, request: SignedInRequest) -> Response:
        query = LookQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        with rollups.snapshot():
            return Response(summary(request.user, look_of(query.validated_data)))


def summary(user: User, look: Look) -> dict[str, Any]:
    targets: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    as_of = timezone.localtime(look.as_of)
    for target in told(visible_targets(user, look).on_top(user).order_by("code"), look):
        targets[target["work_line"]].append(target)
    counts = {} if look.as_of else entry_counts(user)
    lines = [
        {"work_line": line, "name": line.label, "targets": targets[line], "entries": counts.get(line)}
        for line in WorkLine
    ]
    return {"as_of": as_of, "work_lines": lines}


def entry_counts(user: User) -> dict[str, dict[str, int]]:
    """Per work line, the number of visible entries in each status."""
    counts: dict[str, dict[str, int]] = {line: dict.fromkeys(EntryStatus.values, 0) for line in WorkLine}
    rows = ProgressEntry.objects.visible_to(user).values_list("series__project__work_line", "status")
    for line, status, count in rows.annotate(count=Count("pk")).order_by():
        counts[line][status] = count
    return counts
