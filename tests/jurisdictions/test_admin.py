"""Places and organisations in the admin."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from jurisdictions.models import Organisation, OrganisationKind
from jurisdictions.services import load_regions
from tests import factories as make

pytestmark = pytest.mark.django_db

REGION = "/admin/jurisdictions/region/"


@pytest.mark.parametrize("query", ["长子县", "zhangzixian", "zzx", "140428"])
def test_region_is_found_by_name_pinyin_initials_and_code(admin_client: Client, query: str) -> None:
    load_regions()

    page = admin_client.get(REGION, {"q": query, "level": "county"})

    assert [region.full_name for region in page.context["cl"].result_list] == ["长子县"]


@pytest.mark.parametrize("action", ["add/", "140428/change/", "140428/delete/"])
def test_region_is_read_only(admin_client: Client, action: str) -> None:
    load_regions()

    answer = admin_client.post(REGION + action, {"code": "140428", "name": "长治县", "post": "yes"})

    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_organisation_is_kept_by_hand(admin_client: Client) -> None:
    load_regions()
    form = {"name": "市水利局", "kind": OrganisationKind.BUREAU, "region": "1404"}

    admin_client.post("/admin/jurisdictions/organisation/add/", form)

    assert Organisation.objects.get().name == "市水利局"


def test_organisation_keeps_the_name_it_is_known_by(admin_client: Client) -> None:
    bureau = make.organisation(name="市水利局", kind=OrganisationKind.BUREAU)
    form = {"name": "市水务局", "kind": OrganisationKind.ENTERPRISE, "region": bureau.region_id}

    admin_client.post(f"/admin/jurisdictions/organisation/{bureau.pk}/change/", form)

    bureau.refresh_from_db()
    assert (bureau.name, bureau.kind) == ("市水利局", OrganisationKind.ENTERPRISE)
