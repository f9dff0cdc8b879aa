"""Every fact of the article is on record, and nothing that the article does not say."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import QuerySet

from accounts.models import AuditEvent, User
from changzhi_eco.article import HANDLERS, UnknownFact, load_article, read_article
from jurisdictions.models import Organisation, OrganisationKind
from progress import display, rollups
from progress.figures import target_figures
from progress.gate import CITY_TIME
from progress.models import (
    EntryOrigin,
    Indicator,
    IndicatorKind,
    LedgerLine,
    Period,
    ProgressEntry,
    Series,
    Target,
    TargetVersion,
)
from progress.services import targets
from projects.models import Programme, Project, ProjectStatus
from subsidence.models import Mine, Parcel, Stage, Work
from subsidence.refusals import AreaTooLarge
from subsidence.services import proof
from tests import factories as make
from tests.subsidence import farm

pytestmark = pytest.mark.django_db

AT = datetime.datetime(2026, 5, 6, 9, tzinfo=CITY_TIME)
TODAY = AT.date()
RECORD = (
    *(Organisation, Programme, Project, Indicator, Series, Target, TargetVersion, Period, ProgressEntry),
    *(Mine, Parcel, Work),
)

#: Said on record in other words than the list of facts says it.
REWORDED = {"全市煤矿企业", "2025年谋划十五五节水工作", "caption only"}


def load() -> None:
    call_command("load_article")


def figure_of(code: str) -> Any:
    return target_figures(Target.objects.filter(code=code), on=TODAY)[0]


def typed() -> QuerySet[Series]:
    """What 雄山五矿 reports by hand, beside what its parcel's stages post."""
    return Series.objects.filter(project__code="xiongshan-5", indicator__code="subsidence-treated-area")


def leaves(value: Any) -> Iterator[str]:
    """Every text and number below a fact's own keys, without the remarks in brackets."""
    if isinstance(value, dict):
        yield from value
        yield from (leaf for inner in value.values() for leaf in leaves(inner))
    elif isinstance(value, list):
        yield from (leaf for inner in value for leaf in leaves(inner))
    elif value is not None:
        yield str(value).partition(" (")[0]


def everything_on_record() -> str:
    rows = (row for model in RECORD for row in model._default_manager.all())
    return plain("\n".join(said(getattr(row, field.attname)) for row in rows for field in row._meta.concrete_fields))


def said(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def plain(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, "“”‘’")))


def test_every_fact_has_a_handler() -> None:
    assert read_article(at=AT).facts.keys() == HANDLERS.keys()


@pytest.mark.parametrize("changed", [{"air.ozone": {"id": "air.ozone"}}, {}], ids=["unknown", "missing"])
def test_fact_without_counterpart_stops_the_load(changed: dict[str, Any]) -> None:
    article = read_article(at=AT)
    facts = {**article.facts, **changed} if changed else dict(list(article.facts.items())[1:])

    with pytest.raises(UnknownFact):
        load_article(replace(article, facts=facts))
    assert not Project.objects.exists()


def test_every_word_and_number_of_the_facts_is_on_record() -> None:
    load()

    record = everything_on_record()

    values = [value for fact in read_article(at=AT).facts.values() for key, value in fact.items() if key != "id"]
    assert {leaf for value in values for leaf in leaves(value) if plain(leaf) not in record} == REWORDED


def test_loading_again_changes_nothing() -> None:
    load()
    before = [model._default_manager.count() for model in (*RECORD, LedgerLine, AuditEvent)]

    started = time.perf_counter()
    load()

    assert time.perf_counter() - started < 1
    assert [model._default_manager.count() for model in (*RECORD, LedgerLine, AuditEvent)] == before


def test_loading_again_keeps_what_somebody_filled_in() -> None:
    load()
    Project.objects.filter(code="xiangyuan-eco-04").update(name="后湾水库生态补水")

    load()

    assert Project.objects.get(code="xiangyuan-eco-04").name == "后湾水库生态补水"


def test_loading_again_after_a_corrected_region_posts_nothing_twice() -> None:
    load()
    Project.objects.filter(code="xiongshan-5").update(region="140404202215")

    load()

    assert typed().count() == 1
    assert figure_of("subsidence-city").verified == 180


def test_loading_again_beside_a_second_series_of_a_project_posts_nothing_twice() -> None:
    load()
    first = typed().get()
    Series.objects.create(project=first.project, indicator=first.indicator, region_id="140404202215")

    load()

    assert ProgressEntry.objects.filter(series__indicator=first.indicator).count() == 1
    assert figure_of("subsidence-city").verified == 180


def test_people_named_in_the_press_are_not_accounts() -> None:
    load()

    assert not User.objects.exists()


def test_city_target_leaves_open_what_the_article_does_not_say() -> None:
    load()

    target = Target.objects.get(code="subsidence-city")
    version = target.versions.get()

    assert (target.region_id, target.project, target.counts) == ("1404", None, "")
    assert (version.value, version.start_on, version.due_on) == (Decimal("70897.71"), None, None)
    assert version.document == "《长治市采煤沉陷区生态修复治理整改工作方案》"
    assert "用4年时间完成9个涉煤县区70897.71亩" in version.basis


def test_city_figure_is_the_180_mu_of_2024_without_a_plan() -> None:
    load()

    figure = figure_of("subsidence-city")

    assert (figure.verified, figure.rate) == (Decimal(180), Decimal("0.25"))
    assert figure.data_month == datetime.date(2024, 12, 1)
    assert (figure.planned, figure.days_left, str(figure.light.word)) == (None, None, "无计划")


def test_opening_of_xiongshan5_quotes_the_article_and_names_nobody() -> None:
    load()

    entry = ProgressEntry.objects.get(series=typed().get())
    line = entry.lines.get()

    assert (entry.origin, entry.value, str(entry.period)) == (EntryOrigin.ARTICLE, Decimal(180), "2024年")
    assert entry.entered_by is entry.verified_by is None
    assert "去年已完成180亩" in entry.basis
    assert (line.region_code, line.month, line.amount) == ("140404202", datetime.date(2024, 12, 1), Decimal(180))


def test_180_mu_stand_in_every_region_above_beicheng() -> None:
    load()
    area = Indicator.objects.get(code="subsidence-treated-area").pk

    sums = rollups.totals([rollups.Ask(area, code) for code in ("1404", "140404", "140404202", "140404202215")])

    assert [total.amount for total in sums] == [180, 180, 180, 0]


def test_xiongshan5_has_602_mu_to_do() -> None:
    load()

    figure = figure_of("xiongshan-5")

    assert (figure.version.value, figure.verified, figure.rate) == (Decimal(602), Decimal(180), Decimal("29.90"))
    assert figure.target.project.investment is None


def test_of_the_111_mines_one_has_a_name() -> None:
    load()

    assert Mine.objects.count() == 111
    mine = Mine.objects.exclude(name="").get()
    assert (mine.name, mine.region_id, str(mine.operator), mine.status) == ("雄山五矿", "140404", "雄山五矿", "")
    assert set(Mine.objects.filter(name="").values_list("region", "operator")) == {("1404", None)}


def test_the_602_mu_are_a_parcel_of_which_180_are_finished_and_none_accepted() -> None:
    load()

    parcel = Parcel.objects.get()
    areas = (parcel.surveyed_area, parcel.started_area, parcel.finished_area, parcel.accepted_area, parcel.closed_area)

    assert list(map(int, areas)) == [602, 180, 180, 0, 0]
    assert display.rate(parcel.finished_area, parcel.surveyed_area) == Decimal("29.90")
    assert (parcel.origin, parcel.suited_use, parcel.settlement, parcel.place) == (
        "existing",
        "",
        "",
        "北张村、须村、朔村",
    )
    assert all("去年已完成180亩" in step.basis for step in parcel.stages.all())
    assert parcel.works.count() == 4
    assert proof.prove(at=AT).faults == ()


def test_accepting_the_422_mu_left_closes_the_602() -> None:
    """As the city might decide: what was accepted counts, and the 180 are accepted first."""
    load()
    parcel, team = Parcel.objects.get(), make.team("140404")
    Parcel.objects.update(settlement="settled", settlement_basis="观测报告", suited_use="water")
    parcel.works.update(done_on=datetime.date(2026, 1, 31))
    target = Target.objects.get(code="xiongshan-5")
    counted = Indicator.objects.get_or_create(
        code="subsidence-accepted-existing", defaults={"name": "市级验收面积·存量", "kind": "flow", "unit": "亩"}
    )[0]
    Indicator.objects.filter(pk=counted.pk).update(work_line="subsidence", may_fall=True)
    targets.record_version(target=target, value=Decimal(602), by=None, at=AT, counted=counted)

    def accepted(area: str) -> Any:
        for stage in (Stage.STARTED, Stage.FINISHED, Stage.SELF_CHECKED, Stage.ACCEPTED):
            if area == "422.00" or stage in (Stage.SELF_CHECKED, Stage.ACCEPTED):
                farm.step(parcel, stage, area, datetime.date(2026, 2, 1), by=team)
        return figure_of("xiongshan-5")

    assert (accepted("180").verified, figure_of("xiongshan-5").rate) == (180, Decimal("29.90"))
    with pytest.raises(AreaTooLarge, match=r"422\.00"):
        farm.ask(parcel, Stage.STARTED, "422.01", datetime.date(2026, 2, 1), by=team.clerk)
    assert (accepted("422.00").verified, figure_of("xiongshan-5").rate) == (602, Decimal("100.00"))


def test_zhangzi_wetland_stands_at_70_percent_of_its_surface_structure() -> None:
    load()

    wetland = Project.objects.get(code="wetland-zhangzi")
    figure = figure_of("wetland-zhangzi-structure")

    assert (wetland.start_on, wetland.due_on) == (datetime.date(2024, 3, 1), datetime.date(2026, 3, 31))
    assert (wetland.region_id, wetland.investment, wetland.owner) == ("140428100222", None, None)
    assert (figure.verified, figure.data_month) == (Decimal(70), datetime.date(2025, 1, 1))


def test_wetlands_of_the_roll_out_have_no_known_state() -> None:
    load()

    wetlands = Project.objects.filter(programme__code="wetland-rollout").exclude(code="wetland-zhangzi")

    counties = wetlands.filter(region__level="county").values_list("region_id", flat=True)
    assert set(counties) == {"140405", "140406", "140427", "140429", "140430", "140431"}
    assert set(wetlands.values_list("status", "start_on", "due_on")) == {("", None, None)}


def test_nine_of_the_twelve_xiangyuan_projects_have_no_name() -> None:
    load()

    projects = Project.objects.filter(programme__name="襄垣县12个重大生态项目", region="140423")

    assert (projects.count(), projects.filter(name="").count()) == (12, 9)
    assert str(projects.filter(name="")[0]) == "待补（xiangyuan-eco-04）"
    assert figure_of("xiangyuan-eco").version.value == 12


def test_near_zero_community_has_six_parts_and_a_decline_nobody_has_measured() -> None:
    load()

    community = Project.objects.get(code="near-zero-zhongcun")
    figure = figure_of("carbon-decline-zhongcun")

    assert community.subprojects.count() == 6
    assert (community.due_on, community.start_on) == (datetime.date(2025, 12, 31), None)
    assert figure.target.indicator.kind == IndicatorKind.RATIO
    assert (figure.version.value, figure.verified, figure.rate) == (Decimal("72.66"), None, None)


def test_task_force_has_its_eight_groups_and_six_mechanisms() -> None:
    load()

    force = Organisation.objects.get(name="长治市采煤沉陷区综合治理工作专班")

    assert (force.kind, force.children.count()) == (OrganisationKind.TASK_FORCE, 8)
    assert force.basis.count("机制") == 6


def test_named_organisations_quote_the_sentence_that_names_them() -> None:
    load()

    named = read_article(at=AT).facts["organisations"]["named"]
    organisations = Organisation.objects.exclude(kind=OrganisationKind.TASK_FORCE)

    assert {organisation.name for organisation in organisations} == set(named)
    assert all(organisation.name in organisation.basis for organisation in organisations)


def test_corridors_are_planned_and_no_more() -> None:
    load()

    corridors = Project.objects.filter(programme__code="corridors")

    assert set(corridors.values_list("name", "status")) == {
        ("浊漳河“生态走廊”", ProjectStatus.PLANNED),
        ("沁河“生态走廊”", ProjectStatus.PLANNED),
    }


def test_roll_ups_hold_what_was_loaded() -> None:
    load()
    rollups.drain()

    proof = rollups.audit_rollups()

    assert (proof.compared, proof.mismatches) == (25, ())


def test_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    load()
    load()

    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("objects added")
    assert second == "17 facts of the article, 0 objects added"
