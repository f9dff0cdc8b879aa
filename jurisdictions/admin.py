"""Admin of places and organisations: divisions are read from the state's list, organisations are kept by hand."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jurisdictions.models import Organisation, Region


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin):
    list_display = ("code", "full_name", "level", "is_special")
    list_filter = ("level", "is_special")
    search_fields = ("code__startswith", "full_name", "pinyin__startswith", "initials__startswith")
    search_help_text = _("代码、全称、拼音或首字母")
    ordering = ("code",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Region | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Region | None = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "region", "parent")
    list_filter = ("kind",)
    list_select_related = ("region", "parent")
    search_fields = ("name",)
    autocomplete_fields = ("region", "parent")

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> tuple[str, ...]:
        """An organisation is known by its name: renamed, it would be loaded a second time."""
        return ("name",) if obj else ()
