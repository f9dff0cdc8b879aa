"""REST of the register of projects."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, viewsets

from accounts.rest.strict import Exact
from jurisdictions.api import RegionRef
from jurisdictions.models import WorkLine
from projects.filters import ProjectFilter
from projects.models import Project, ProjectQuerySet, ProjectStatus


class Known(serializers.CharField):
    """A text that is null while the source does not give it (待补)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class KnownChoice(serializers.ChoiceField):
    """One of the choices, null while the source does not say which."""

    def __init__(self, choices: Any) -> None:
        super().__init__(choices, allow_null=True)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class ProjectRef(serializers.Serializer[Project]):
    """Which project."""

    code = serializers.CharField()
    name = Known()


class NamedRef(serializers.Serializer[Project]):
    code = serializers.CharField()
    name = serializers.CharField()


class OwnerRef(serializers.Serializer[Project]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class ProjectSerializer(ProjectRef):
    """One project; null is what the source does not say."""

    work_line = serializers.ChoiceField(WorkLine.choices)
    region = RegionRef()
    owner = OwnerRef(allow_null=True)
    programme = NamedRef(allow_null=True)
    parent = ProjectRef(allow_null=True)
    status = KnownChoice([choice for choice in ProjectStatus.choices if choice[0]])
    start_on = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    finished_on = serializers.DateField(allow_null=True)
    investment_wan_yuan = Exact(source="investment", allow_null=True)
    basis = serializers.CharField()
    is_demo = serializers.BooleanField()


class ProjectViewSet(viewsets.ReadOnlyModelViewSet[Project]):
    """The projects in your scope."""

    queryset = Project.objects.none()
    serializer_class = ProjectSerializer
    filterset_class = ProjectFilter
    keyset = "code"
    lookup_field = "code"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_queryset(self) -> ProjectQuerySet:
        return Project.objects.visible_to(self.request.user).select_related("region", "owner", "programme")
