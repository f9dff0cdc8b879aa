"""Series and targets fit the project they belong to: the admin says why not, the database refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from jurisdictions.models import WorkLine
from progress.models import Frequency, Indicator, Series, SeriesOrigin, Target
from projects.models import Project
from tests import factories as make
from tests.pages import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """A project of a town, with the other places of the tests beside it."""
    for code in (make.VILLAGE, make.OTHER_TOWN):
        make.region(code)
    return make.project(make.TOWN)


def measured(kind: str) -> Indicator:
    match kind:
        case "water":
            return make.indicator(work_line=WorkLine.WATER)
        case "ratio":
            return make.ratio(make.indicator(), make.indicator())
    return make.indicator()


def add(client: Client, model: str, **fields: Any) -> Page:
    return client.post(reverse(f"admin:progress_{model}_add"), fields)


UNFIT_SERIES = [
    ("water", make.TOWN, "another work line", "指标与项目不属于同一工作线。"),
    ("ratio", make.TOWN, "never reported", "比率由分子和分母算出，不能填报。"),
    ("flow", make.OTHER_TOWN, "outside its project's region", "填报项的地区必须在项目所在地区之内。"),
    ("flow", make.COUNTY, "outside its project's region", "填报项的地区必须在项目所在地区之内。"),
]
UNFIT_TARGETS = [
    ("water", make.TOWN, "another work line", "指标与项目不属于同一工作线。"),
    ("flow", make.VILLAGE, "lies where the project lies", "项目的目标必须与项目在同一地区。"),
    ("ratio", make.CITY, "lies where the project lies", "项目的目标必须与项目在同一地区。"),
]


@pytest.mark.parametrize(("kind", "region", "words", "sentence"), UNFIT_SERIES)
def test_series_that_does_not_fit_is_refused(
    admin_client: Client, project: Project, kind: str, region: str, words: str, sentence: str
) -> None:
    indicator = measured(kind)
    form = {"project": project.pk, "indicator": indicator.pk, "region": region}

    page = add(admin_client, "series", **form, frequency=Frequency.MONTH, origin=SeriesOrigin.TYPED)

    assert page.status_code == HTTPStatus.OK
    assert sentence in page.content.decode()
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        Series.objects.create(project=project, indicator=indicator, region_id=region)
    assert not Series.objects.exists()


@pytest.mark.parametrize(("kind", "region", "words", "sentence"), UNFIT_TARGETS)
def test_target_that_does_not_fit_is_refused(
    admin_client: Client, project: Project, kind: str, region: str, words: str, sentence: str
) -> None:
    indicator = measured(kind)
    form = {"code": "a", "name": "目标", "project": project.pk, "indicator": indicator.pk, "region": region}

    page = add(admin_client, "target", **form, frequency=Frequency.MONTH)

    assert page.status_code == HTTPStatus.OK
    assert sentence in page.content.decode()
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        Target.objects.create(code="a", name="目标", project=project, indicator=indicator, region_id=region)
    assert not Target.objects.exists()


@pytest.mark.parametrize("model", ["series", "target"])
@pytest.mark.parametrize("chosen", [(), ("project",)], ids=["nothing", "project"])
def test_form_with_nothing_chosen_asks_for_it(
    admin_client: Client, project: Project, model: str, chosen: tuple[str, ...]
) -> None:
    page = add(admin_client, model, **dict.fromkeys(chosen, project.pk))

    assert {"indicator", "region"} <= page.context["adminform"].form.errors.keys()


@pytest.mark.parametrize("region", [make.TOWN, make.VILLAGE])
def test_series_that_fits_is_added(admin_client: Client, project: Project, region: str) -> None:
    form = {"project": project.pk, "indicator": make.indicator().pk, "region": region}

    add(admin_client, "series", **form, frequency=Frequency.MONTH, origin=SeriesOrigin.TYPED)

    assert Series.objects.get().region_id == region


@pytest.mark.parametrize("of_project", [True, False])
def test_target_that_fits_is_added(admin_client: Client, project: Project, of_project: bool) -> None:
    place = {"project": project.pk, "region": make.TOWN} if of_project else {"region": make.OTHER_TOWN}
    form = {"code": "a", "name": "目标", "indicator": measured("ratio").pk, "frequency": Frequency.QUARTER, **place}

    add(admin_client, "target", **form)

    assert Target.objects.get().project == (project if of_project else None)


def test_target_is_not_held_against_its_plan_every_ten_days(admin_client: Client) -> None:
    target = make.target()
    form = {"code": "b", "name": "目标", "indicator": target.indicator_id, "region": make.CITY}

    page = add(admin_client, "target", **form, frequency=Frequency.TEN_DAYS)

    assert page.status_code == HTTPStatus.OK
    assert Target.objects.get() == target
    with pytest.raises(IntegrityError, match="target_not_by_ten_days"):
        Target.objects.update(frequency=Frequency.TEN_DAYS)


def test_series_is_moved_only_to_where_it_fits(project: Project) -> None:
    series = make.series(on=project)

    Series.objects.filter(pk=series.pk).update(region=make.VILLAGE)
    with pytest.raises(IntegrityError, match="outside its project's region"), transaction.atomic():
        Series.objects.filter(pk=series.pk).update(region=make.OTHER_TOWN)

    series.refresh_from_db()
    assert series.region_id == make.VILLAGE
