from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from accounts.models import Role
from tests import factories as make
from tests.rest import client_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> APIClient:
    """Anybody signed in: places and bureaus are reference data."""
    return client_of(make.user())


def test_region_is_told_in_full(client: APIClient) -> None:
    make.region(make.VILLAGE)

    assert client.get(f"/api/v1/regions/{make.VILLAGE}/").json() == {
        "code": "140404202215",
        "full_name": "上党区北呈乡北张村",
        "name": "北张村委会",
        "short_name": "北张村",
        "level": "village",
        "parent": "140404202",
        "pinyin": "beizhangcun",
        "initials": "bzc",
        "is_special": False,
    }


@pytest.mark.parametrize("code", ["1404", "140400", "140400000", "140400000000"])
def test_region_is_found_by_short_and_official_code(client: APIClient, code: str) -> None:
    make.region()

    answer = client.get(f"/api/v1/regions/{code}/").json()

    assert (answer["code"], answer["full_name"], answer["parent"]) == ("140400", "长治市", None)


@pytest.mark.parametrize("code", ["14040", "1", "0" * 12, "9" * 500, "１４０４", "140499"])
def test_code_of_no_region_is_not_found(client: APIClient, code: str) -> None:
    make.region()

    assert told(client.get(f"/api/v1/regions/{code}/")) == (404, "not_found", [])


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("level=town", ["140404202"]),
        ("region=140404000", ["140404", "140404202", "140404202215"]),
        ("search=beizhang", ["140404202215"]),
        ("search=BZC", ["140404202215"]),
        ("search=北张", ["140404202215"]),
        ("search=%25", []),
    ],
)
def test_regions_are_filtered(client: APIClient, query: str, codes: list[str]) -> None:
    make.region(make.VILLAGE)

    rows = client.get(f"/api/v1/regions/?{query}").json()["results"]

    assert [row["code"] for row in rows] == codes


def test_organisations_are_filtered(client: APIClient) -> None:
    wanted = make.organisation(name="雄山五矿", region=make.region(), basis="见报")
    make.organisation(name="别的矿")

    rows = client.get("/api/v1/organisations/?search=雄山&region=140404").json()["results"]

    assert rows == [
        {
            "id": wanted.pk,
            "name": "雄山五矿",
            "kind": "bureau",
            "region": {"code": "140404202", "full_name": "上党区北呈乡"},
            "parent": None,
            "basis": "见报",
        }
    ]


def test_reference_data_is_read_only() -> None:
    client = client_of(make.user(Role.SYSTEM_ADMIN))
    make.region()

    assert told(client.post("/api/v1/regions/", {"code": "1405"}))[:2] == (405, "method_not_allowed")
    assert told(client.delete("/api/v1/regions/1404/"))[:2] == (405, "method_not_allowed")
