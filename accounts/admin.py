"""Admin of people and duties, and the two kinds of admin the other apps build on: audited and read-only."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet, BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import ADMIN_ROLES, AuditEvent, AuditSeal, Duty, User

#: Columns whose value the audit trail must not repeat, or that change with every visit.
UNTOLD = frozenset({"password", "last_login"})


def facts_of(obj: Model) -> dict[str, Any]:
    """The columns of a row, as an audit event keeps them."""
    return {
        field.attname: getattr(obj, field.attname) for field in obj._meta.concrete_fields if field.name not in UNTOLD
    }


class AuditedAdmin(admin.ModelAdmin):
    """Writes an audit event with before and after for each row it saves or deletes, in the same transaction."""

    #: The site has no such address.
    view_on_site = False

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001
        _save(obj, by=request.user)

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formset: BaseModelFormSet[Any, Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        for obj in formset.save(commit=False):
            _save(obj, by=request.user)
        for obj in formset.deleted_objects:
            _delete(obj, by=request.user)
        formset.save_m2m()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        _delete(obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for obj in queryset:
                _delete(obj, by=request.user)


def _save(obj: Model, *, by: Any) -> None:
    stored = type(obj)._default_manager.filter(pk=obj.pk).first()
    obj.save()
    before, after = facts_of(stored) if stored else None, facts_of(obj)
    if before != after:
        verb = "change" if stored else "add"
        audit.record(by=by, action=f"{obj._meta.model_name}.{verb}", obj=obj, before=before, after=after)


def _delete(obj: Model, *, by: Any) -> None:
    audit.record(by=by, action=f"{obj._meta.model_name}.delete", obj=obj, before=facts_of(obj))
    obj.delete()


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows that only services write."""

    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DutyFormSet(BaseInlineFormSet):
    """Checks across a person's duties what the database would refuse without a sentence."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        roles = [duty["role"] for duty in kept if "role" in duty]
        administers = sum(role in ADMIN_ROLES for role in roles)
        if administers > 1:
            raise ValidationError(_("三员分立：同一人不得兼任两种管理员。"))
        if administers and len(roles) > 1:
            raise ValidationError(_("三员分立：管理员不得兼任填报、审核等业务职责。"))


class DutyInline(admin.TabularInline):
    model = Duty
    formset = DutyFormSet
    fk_name = "user"
    autocomplete_fields = ("region", "deputises_for")
    extra = 0


@admin.register(User)
class PersonAdmin(AuditedAdmin, UserAdmin):
    """People; what they may do on pages and in the API follows from their duties, so groups are not offered."""

    list_display = ("username", "display_name", "organisation", "is_active", "is_staff")
    list_select_related = ("organisation",)
    list_filter = ("is_active", "is_staff", "duties__role")
    search_fields = ("username", "display_name")
    autocomplete_fields = ("organisation",)
    filter_horizontal = ()
    inlines = (DutyInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("人员"), {"fields": ("display_name", "organisation", "email")}),
        (_("账号"), {"fields": ("is_active", "is_staff", "is_superuser", "last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "display_name", "organisation", "usable_password", "password1", "password2")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser makes another one."""
        shown = ("last_login", "date_joined")
        return shown if _is_superuser(request) else (*shown, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser's password is no way up for the other administrators."""
        is_above = obj is not None and obj.is_superuser and not _is_superuser(request)
        return not is_above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People stay, because entries and the audit trail name them; an account is closed by is_active."""
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            person = self.get_object(request, id)
            if request.method == "POST" and response.status_code == HTTPStatus.FOUND and person:
                audit.record(by=cast(User, request.user), action="user.password", obj=person)
        return response


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "object_type", "object_id", "reason")
    list_filter = ("action",)
    search_fields = ("actor", "object_id")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    list_display = ("seq", "event", "digest")
    list_select_related = ("event",)
    ordering = ("-seq",)
    show_full_result_count = False


# Groups would be a second way to give rights, beside duties.
admin.site.unregister(Group)
