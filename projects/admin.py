"""Admin of the register."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import AuditedAdmin, ReadOnlyAdmin
from projects.models import Attachment, Condition, Programme, Project


@admin.register(Programme)
class ProgrammeAdmin(AuditedAdmin):
    list_display = ("code", "name", "work_line", "region")
    list_filter = ("work_line",)
    list_select_related = ("region",)
    search_fields = ("code", "name")
    autocomplete_fields = ("region",)

    def get_readonly_fields(self, request: HttpRequest, obj: Programme | None = None) -> tuple[str, ...]:
        """A programme is known by its code: with another one, it would be loaded a second time."""
        return ("code",) if obj else ()


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    """The register itself is written by its service, which keeps each project's subject in step."""

    list_display = ("code", "name", "work_line", "region", "owner", "status")
    list_filter = ("work_line", "status")
    list_select_related = ("region", "owner")
    search_fields = ("code", "name")


@admin.register(Condition)
class ConditionAdmin(ReadOnlyAdmin):
    list_display = ("since", "until", "level", "kind", "subject", "sentence")
    list_filter = ("level", "kind")
    list_select_related = ("subject",)
    ordering = ("-pk",)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ("name", "content_type", "size", "uploaded_by", "uploaded_at")
    list_select_related = ("uploaded_by",)
    search_fields = ("name", "sha256")
    ordering = ("-pk",)
