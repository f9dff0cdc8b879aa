"""Every page of the Django admin opens: the lists, the forms and the rows."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Duty, Role
from tests import factories as make

#: Django's own templates name variables that are not always there.
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]


@pytest.fixture
def keeper(client: Client) -> Client:
    """A superuser, on the article's data."""
    call_command("load_regions")
    call_command("load_article")
    make.verified_entry()
    client.force_login(make.user(is_staff=True, is_superuser=True))
    return client


def test_every_list_and_every_first_row_opens(keeper: Client) -> None:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [reverse(f"{name}_changelist")]
        pages += [reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()[:1]]
        assert [(page, keeper.get(page).status_code) for page in pages] == [(page, 200) for page in pages]


@pytest.mark.parametrize("moved", [{"due_on": "2027-01-20"}, {"opens_on": "2028-01-01"}, {"closes_on": "2000-01-01"}])
def test_period_with_its_dates_out_of_order_is_refused_with_a_sentence(keeper: Client, moved: dict[str, str]) -> None:
    period = make.period(2026, 11)
    dates = {"opens_on": "2026-11-01", "due_on": "2026-12-05", "closes_on": "2026-12-10"}

    page = keeper.post(reverse("admin:progress_period_change", args=[period.pk]), {**dates, **moved})

    assert page.status_code == 200
    assert "日期须依次为：开放填报、报送期限、宽限截止。" in page.content.decode()
    period.refresh_from_db()
    assert str(period.due_on) == dates["due_on"]


def test_administrator_is_given_no_business_duty(keeper: Client) -> None:
    person = make.user(Role.SYSTEM_ADMIN)
    address = reverse("admin:accounts_user_change", args=[person.pk])
    held = person.duties.get()
    form = {"username": person.username, "is_active": "on", "date_joined_0": "2025-01-01", "date_joined_1": "00:00"}
    rows: dict[str, object] = {"TOTAL_FORMS": 2, "INITIAL_FORMS": 1, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}
    rows |= {
        "0-id": held.pk,
        "0-user": person.pk,
        "0-role": held.role,
        "0-region": "1404",
        "0-valid_from": "2020-01-01",
    }
    rows |= {"1-user": person.pk, "1-role": Role.LEADER, "1-region": "1404", "1-valid_from": "2020-01-01"}

    page = keeper.post(address, {**form, **{f"duties-{name}": value for name, value in rows.items()}})

    assert "管理员不得兼任填报、审核等业务职责" in page.content.decode()
    assert Duty.objects.get(user=person).role == Role.SYSTEM_ADMIN
