"""Admin of what is measured; entries, ledger and roll-ups are looked at here and written by services alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import AuditedAdmin, ReadOnlyAdmin
from progress.models import (
    Indicator,
    LedgerLine,
    LightRule,
    PendingDelta,
    Period,
    ProgressEntry,
    ProjectRollup,
    RegionRollup,
    Series,
    Target,
    TargetVersion,
)


class AddOnlyAdmin(AuditedAdmin):
    """Rows that figures rest on: new ones may be added, those that stand stay as they are."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Period)
class PeriodAdmin(AuditedAdmin):
    """The dates of a period may be moved; the period itself is made by a task."""

    list_display = ("__str__", "kind", "opens_on", "due_on", "closes_on")
    list_filter = ("kind",)
    date_hierarchy = "end_on"
    ordering = ("-end_on", "kind")
    readonly_fields = ("kind", "start_on", "end_on")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Indicator)
class IndicatorAdmin(AuditedAdmin):
    """An indicator stays what it is; whether its entries need evidence may be decided anew."""

    list_display = ("code", "name", "work_line", "kind", "unit", "decimals", "evidence_required")
    list_filter = ("work_line", "kind", "evidence_required")
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Indicator | None = None) -> tuple[str, ...]:
        fixed = (field for field in Indicator._meta.fields if field.editable and not field.primary_key)
        return tuple(field.name for field in fixed if field.name != "evidence_required") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Series)
class SeriesAdmin(AddOnlyAdmin):
    list_display = ("project", "indicator", "region", "frequency", "origin")
    list_filter = ("frequency", "origin", "indicator__work_line")
    list_select_related = ("project", "indicator", "region")
    search_fields = ("project__code", "project__name", "indicator__name")
    autocomplete_fields = ("project", "indicator", "region")


@admin.register(Target)
class TargetAdmin(AddOnlyAdmin):
    list_display = ("code", "name", "indicator", "region", "project", "counts")
    list_select_related = ("indicator", "region", "project")
    search_fields = ("code", "name")
    autocomplete_fields = ("indicator", "region", "project")
    #: Parts are made by splitting a target, which holds their sum against it.
    exclude = ("parent", "split_by", "year")


@admin.register(TargetVersion)
class TargetVersionAdmin(ReadOnlyAdmin):
    list_display = ("target", "n", "value", "start_on", "due_on", "document", "recorded_at")
    list_select_related = ("target",)


@admin.register(ProgressEntry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "revision", "status", "value", "origin")
    list_filter = ("status", "origin")
    list_select_related = ("series__project", "series__indicator", "period")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(LedgerLine)
class LedgerLineAdmin(ReadOnlyAdmin):
    list_display = ("pk", "entry_id", "project_id", "indicator_id", "region_code", "month", "amount", "posted_at")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(PendingDelta, RegionRollup, ProjectRollup, LightRule)
class TotalsAdmin(ReadOnlyAdmin):
    ordering = ("-pk",)
    show_full_result_count = False
