"""People and duties in the admin: every change leaves its trace, and nothing that services write can be touched."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.admin import ReadOnlyAdmin
from accounts.models import AuditEvent, Duty, Role, User
from progress.models import EntryStatus, Period
from tests import factories as make

pytestmark = pytest.mark.django_db

READ_ONLY = {
    "accounts.auditevent",
    "accounts.auditseal",
    "progress.ledgerline",
    "progress.lightrule",
    "progress.pendingdelta",
    "progress.progressentry",
    "progress.projectrollup",
    "progress.regionrollup",
    "progress.targetversion",
    "projects.attachment",
    "projects.condition",
    "projects.project",
}


def change_form(user: User, **fields: object) -> dict[str, object]:
    return {
        "username": user.username,
        "display_name": user.display_name,
        "is_active": "on",
        "duties-TOTAL_FORMS": 0,
        "duties-INITIAL_FORMS": 0,
        **fields,
    }


def address(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def test_change_of_a_person_is_audited_with_before_and_after(admin_client: Client) -> None:
    person = make.user(display_name="张三")

    admin_client.post(address(person), change_form(person, display_name="李四"))

    event = AuditEvent.objects.get(action="user.change")
    assert event.before and event.after
    assert (event.before["display_name"], event.after["display_name"]) == ("张三", "李四")
    assert "password" not in event.after


def test_nothing_changed_leaves_no_event(admin_client: Client) -> None:
    person = make.user()

    admin_client.post(address(person), change_form(person))

    assert not AuditEvent.objects.exists()


def test_duty_given_and_taken_away_is_audited(admin_client: Client) -> None:
    person = make.user()
    given = {
        "duties-TOTAL_FORMS": 1,
        "duties-0-role": Role.CLERK,
        "duties-0-region": make.region(make.COUNTY).pk,
        "duties-0-valid_from": "2025-01-01",
    }
    admin_client.post(address(person), change_form(person, **given))
    duty = Duty.objects.get()

    taken = {**given, "duties-INITIAL_FORMS": 1, "duties-0-id": duty.pk, "duties-0-user": person.pk}
    admin_client.post(address(person), change_form(person, **taken, **{"duties-0-DELETE": "on"}))

    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == ["duty.add", "duty.delete"]
    assert not Duty.objects.exists()


def test_new_password_is_audited_without_the_password(admin_client: Client) -> None:
    person = make.user()
    form = {"usable_password": "true", "password1": "a long new secret", "password2": "a long new secret"}

    admin_client.post(reverse("admin:auth_user_password_change", args=[person.pk]), form)

    event = AuditEvent.objects.get(action="user.password")
    assert (event.before, event.after, event.object_id) == (None, None, str(person.pk))


def test_person_cannot_be_deleted(admin_client: Client) -> None:
    page = admin_client.post(reverse("admin:accounts_user_delete", args=[make.user().pk]))

    assert page.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.ignore_template_errors  # Django's own password widget leaves one undefined
def test_two_admin_roles_for_one_person_are_refused(admin_client: Client) -> None:
    person = make.user(Role.SYSTEM_ADMIN)
    second = {
        "duties-TOTAL_FORMS": 2,
        "duties-INITIAL_FORMS": 1,
        "duties-0-id": Duty.objects.get().pk,
        "duties-0-user": person.pk,
        "duties-0-role": Role.SYSTEM_ADMIN,
        "duties-0-region": make.CITY,
        "duties-0-valid_from": "2020-01-01",
        "duties-1-role": Role.AUDIT_ADMIN,
        "duties-1-region": make.CITY,
        "duties-1-valid_from": "2025-01-01",
    }

    page = admin_client.post(address(person), change_form(person, **second))

    assert "同一人不得兼任两种管理员" in page.content.decode()
    assert Duty.objects.count() == 1


def test_administrator_can_neither_make_nor_take_over_a_superuser(client: Client) -> None:
    administrator, superuser = make.user(is_staff=True), make.user(is_superuser=True)
    administrator.user_permissions.add(*Permission.objects.filter(codename__in=("view_user", "change_user")))
    client.force_login(administrator)
    secret = {"usable_password": "true", "password1": "a long new secret", "password2": "a long new secret"}

    client.post(address(administrator), change_form(administrator, is_staff="on", is_superuser="on"))
    refused = client.post(reverse("admin:auth_user_password_change", args=[superuser.pk]), secret)

    administrator.refresh_from_db()
    assert (administrator.is_staff, administrator.is_superuser) == (True, False)
    assert refused.status_code == HTTPStatus.FORBIDDEN


def test_dates_of_a_period_are_moved_and_audited(admin_client: Client) -> None:
    period = make.period()

    admin_client.post(
        reverse("admin:progress_period_change", args=[period.pk]),
        {"opens_on": "2025-03-01", "due_on": "2025-04-05", "closes_on": "2025-04-20"},
    )

    assert Period.objects.get().closes_on.day == 20
    moved = AuditEvent.objects.get(action="period.change").after
    assert moved and moved["closes_on"] == "2025-04-20"


def test_what_services_write_is_read_only() -> None:
    registered = {
        model._meta.label_lower for model, page in admin.site._registry.items() if isinstance(page, ReadOnlyAdmin)
    }

    assert registered == READ_ONLY


@pytest.mark.parametrize("label", sorted(READ_ONLY))
def test_read_only_list_opens_and_adding_is_forbidden(admin_client: Client, label: str) -> None:
    make.entry(status=EntryStatus.VERIFIED)
    make.target()
    name = label.replace(".", "_")

    assert admin_client.get(reverse(f"admin:{name}_changelist")).status_code == HTTPStatus.OK
    assert admin_client.get(reverse(f"admin:{name}_add")).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("label", ["progress_series", "progress_target"])
def test_what_figures_rest_on_is_added_and_not_changed(admin_client: Client, label: str) -> None:
    series = make.series()
    make.target(series.indicator)
    row = {"progress_series": series}.get(label, series.indicator.targets.first())

    change = admin_client.post(reverse(f"admin:{label}_change", args=[row.pk]), {"code": "x"})  # type: ignore[union-attr]

    assert admin_client.get(reverse(f"admin:{label}_add")).status_code == HTTPStatus.OK
    assert change.status_code == HTTPStatus.FORBIDDEN


def test_of_an_indicator_only_the_need_for_evidence_is_decided_anew(admin_client: Client) -> None:
    indicator = make.indicator(name="复垦面积", unit="亩")
    address = reverse("admin:progress_indicator_change", args=[indicator.pk])

    admin_client.post(address, {"evidence_required": "on", "name": "别的", "unit": "公顷"})

    indicator.refresh_from_db()
    assert (indicator.evidence_required, indicator.name, indicator.unit) == (True, "复垦面积", "亩")
