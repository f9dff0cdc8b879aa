"""The demonstration is marked, makes the same thing every time, and goes without a trace in any figure."""

from __future__ import annotations

import datetime
from collections import Counter
from decimal import Decimal

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.models import AuditEvent, User
from changzhi_eco.article import load_article, read_article
from changzhi_eco.demo.land import load_land
from changzhi_eco.demo.loading import load_demo
from changzhi_eco.demo.plan import plan_by_month, shares
from changzhi_eco.demo.removal import remove_demo
from progress import rollups
from progress.figures import TargetFigure, end_of_day, target_figures
from progress.gate import CITY_TIME
from progress.lights import Colour
from progress.models import EntryStatus, IndicatorKind, LedgerLine, ProgressEntry, Series, Target, TargetVersion
from progress.services.targets import record_version
from projects.models import Project
from subsidence.models import Boundary, Parcel, Stage, TreatmentDuty
from subsidence.services import proof, standards
from tests import factories as make
from tests.subsidence import farm

AT = datetime.datetime(2025, 2, 20, 9, tzinfo=CITY_TIME)
CITY_MU = Decimal("70897.71")
#: What a removal leaves behind: the trail of what was done, and the calendar.
LEFT = {"accounts.auditevent", "accounts.unsealedevent", "progress.period", "progress.seriesperiod"}


@pytest.fixture
def article(db: None) -> None:
    call_command("load_regions", verbosity=0)
    standards.load()
    load_article(read_article(at=AT))


def city_figure() -> TargetFigure:
    return target_figures(Target.objects.filter(code="subsidence-city"), on=AT.date())[0]


def row_counts() -> dict[str, int]:
    models = [model for model in apps.get_models() if model._meta.label_lower not in LEFT]
    return {model._meta.label_lower: model._default_manager.count() for model in models}


def test_shares_sum_exactly_with_the_largest_remainders_first() -> None:
    assert shares(CITY_MU, [1, 1, 1, 1]) == [*[Decimal("17724.43")] * 3, Decimal("17724.42")]


def test_plan_sums_to_the_target_over_48_months_and_rests_in_winter() -> None:
    plan = plan_by_month(CITY_MU)

    assert (len(plan), sum(plan.values())) == (48, CITY_MU)
    assert plan[datetime.date(2026, 1, 1)] < plan[datetime.date(2026, 12, 1)] < plan[datetime.date(2026, 6, 1)]


def test_load_demo_gives_the_target_a_start_and_a_curve(article: None) -> None:
    load_demo(at=AT)

    figure = city_figure()

    assert (figure.version.n, figure.version.value, figure.version.is_demo) == (2, CITY_MU, True)
    assert figure.version.start_on == datetime.date(2025, 1, 1)
    assert figure.version.plan_points.order_by("month").last().cumulative == CITY_MU  # type: ignore[union-attr]
    assert figure.planned == figure.version.plan_points.get(month=datetime.date(2025, 1, 1)).cumulative
    assert figure.light.colour in (Colour.GREEN, Colour.YELLOW, Colour.RED)


def test_load_demo_verifies_months_gone_by_and_leaves_the_current_one_on_its_way(article: None) -> None:
    load_demo(at=AT)

    entries = ProgressEntry.objects.filter(is_demo=True, fact="").values_list("period__start_on__month", "status")

    assert Counter(entries) == {
        (1, EntryStatus.VERIFIED): 12,
        (2, EntryStatus.SUBMITTED): 4,
        (2, EntryStatus.REVIEWED): 4,
        (2, EntryStatus.RETURNED): 4,
    }
    assert city_figure().in_flight


def test_load_demo_can_be_looked_back_on(article: None) -> None:
    load_demo(at=AT)
    targets = Target.objects.filter(code="subsidence-city")

    [then] = target_figures(targets, on=datetime.date(2025, 2, 10), as_of=end_of_day(datetime.date(2025, 2, 10)))

    assert (then.verified, then.planned) == (city_figure().verified, city_figure().planned)
    assert then.version.n == 2


def test_load_demo_marks_every_row_it_makes(article: None) -> None:
    real = set(ProgressEntry.objects.values_list("pk", flat=True))

    load_demo(at=AT)

    assert not ProgressEntry.objects.filter(is_demo=False).exclude(pk__in=real).exists()
    assert set(Project.objects.filter(is_demo=True).values_list("name", flat=True)) == set(
        Project.objects.filter(name__startswith="演示").values_list("name", flat=True)
    )
    assert Series.objects.filter(is_demo=True, project__is_demo=True, origin="typed").count() == 12
    assert not User.objects.filter(is_demo=False).exists()


def test_load_demo_makes_the_same_figures_every_time(article: None) -> None:
    load_demo(at=AT)
    first = city_figure().verified
    remove_demo(at=AT)

    load_demo(at=AT)

    assert city_figure().verified == first


def test_load_demo_again_adds_only_the_months_gone_by_since(article: None) -> None:
    load_demo(at=AT)

    assert load_demo(at=AT) == 0
    assert load_demo(at=AT + datetime.timedelta(days=31)) == 12
    assert TargetVersion.objects.filter(is_demo=True).count() == 1


def test_load_demo_leaves_a_real_version_recorded_since_on_top(article: None) -> None:
    load_demo(at=AT)
    target = Target.objects.get(code="subsidence-city")
    record_version(target=target, value=CITY_MU, by=None, at=AT, start_on=datetime.date(2025, 3, 1))

    load_demo(at=AT + datetime.timedelta(days=31))

    assert city_figure().version.start_on == datetime.date(2025, 3, 1)
    assert list(target.versions.order_by("n").values_list("n", "is_demo")) == [(1, False), (2, True), (3, False)]
    remove_demo(at=AT)
    assert list(target.versions.order_by("n").values_list("n", flat=True)) == [1, 3]


def test_remove_demo_leaves_no_row_behind(article: None) -> None:
    before = row_counts()
    load_demo(at=AT)
    rollups.drain()

    removed = remove_demo(at=AT)

    rollups.drain()
    proof = rollups.audit_rollups()
    assert removed == 24
    assert (proof.compared, proof.mismatches) == (25, ())
    cells = {"progress.regionrollup", "progress.projectrollup", "progress.pendingdelta"}
    after = row_counts()
    assert {key: n for key, n in after.items() if key not in cells} == {
        key: n for key, n in before.items() if key not in cells
    }


def test_remove_demo_brings_the_articles_figure_back(article: None) -> None:
    load_demo(at=AT)
    assert city_figure().verified != 180

    remove_demo(at=AT)

    figure = city_figure()
    assert (figure.verified, figure.planned, str(figure.light.word)) == (Decimal(180), None, "无计划")


def test_remove_demo_keeps_the_audit_trail(article: None) -> None:
    load_demo(at=AT)
    before = AuditEvent.objects.count()

    remove_demo(at=AT)

    assert AuditEvent.objects.count() == before + 1
    assert AuditEvent.objects.latest("id").before == {"entries": 24}


def test_remove_demo_takes_what_demonstration_accounts_entered_and_nothing_else(article: None) -> None:
    series = Series.objects.get(project__code="xiongshan-5", indicator__code="subsidence-treated-area")
    real, trial = make.team(), make.team()
    User.objects.filter(pk=trial.clerk.pk).update(is_demo=True)
    trial.clerk.refresh_from_db()
    make.verified_entry(series, "7", make.period(2025, 2), by=real)
    tried = make.verified_entry(series, "20", make.period(2025, 3), by=trial)

    remove_demo(at=AT)

    assert tried.is_demo
    assert city_figure().verified == 187


def test_parcels_are_walked_as_far_as_the_day_and_their_chains_prove(article: None) -> None:
    before = row_counts()
    load_land(at=datetime.datetime(2026, 6, 1, 9, tzinfo=CITY_TIME))
    rollups.drain()

    made = Parcel.objects.filter(is_demo=True)

    assert (made.count(), made.filter(origin="new").count(), TreatmentDuty.objects.count()) == (48, 8, 8)
    assert made.filter(closed_area__gt=0).exists() and made.filter(approved_area=0).exists()
    assert Boundary.objects.count() == 48
    assert proof.prove(at=AT).faults == ()
    remove_demo(at=AT)
    assert {key: n for key, n in row_counts().items() if not key.startswith("progress.")} == {
        key: n for key, n in before.items() if not key.startswith("progress.")
    }


def test_remove_demo_takes_a_demonstration_accounts_step_off_a_real_parcel(article: None) -> None:
    parcel, trial = Parcel.objects.get(), make.team("140404")
    User.objects.filter(pk=trial.clerk.pk).update(is_demo=True)
    trial.clerk.refresh_from_db()
    for stage in (Stage.SELF_CHECKED, Stage.STARTED):
        farm.step(parcel, stage, 10, datetime.date(2025, 2, 1), by=trial)

    remove_demo(at=AT)

    parcel.refresh_from_db()
    assert (parcel.started_area, parcel.self_checked_area, parcel.stages.count()) == (180, 0, 4)
    assert proof.prove(at=AT).faults == ()


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 1, 3), (3, 2, 1), (1, 3, 2)])
def test_remove_demo_mends_levels_reported_around_it(db: None, order: tuple[int, ...]) -> None:
    """A real level verified beside a demonstration one was posted as the difference to it."""
    series = make.series(make.indicator(IndicatorKind.STOCK, may_fall=True))
    real, trial = make.team(), make.team()
    trial.clerk.is_demo = True
    for month in order:
        level, by = {1: ("70", real), 2: ("85", trial), 3: ("100", real)}[month]
        make.verified_entry(series, level, make.period(2025, month), by=by)

    remove_demo(at=AT)

    levels = [
        rollups.totals([rollups.Ask(series.indicator_id, "1404", due=datetime.date(2025, m, 1))]) for m in (1, 2, 3)
    ]
    assert [total.due_amount for [total] in levels] == [70, 70, 100]
    assert rollups.audit_rollups().mismatches == ()


def test_remove_demo_with_nothing_there_changes_nothing(article: None) -> None:
    before = row_counts()

    assert remove_demo(at=AT) == 0
    assert row_counts() | {"progress.pendingdelta": 0} == before | {"progress.pendingdelta": 0} | cells_now()


def cells_now() -> dict[str, int]:
    counts = row_counts()
    return {key: counts[key] for key in ("progress.regionrollup", "progress.projectrollup")}


@time_machine.travel(AT)
def test_commands_put_it_in_and_take_it_out(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo")
    call_command("load_demo", remove=True)

    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == ["24 demonstration entries and 48 parcels added", "72 demonstration entries removed"]
    assert not LedgerLine.objects.filter(entry__is_demo=True).exists()


@pytest.mark.parametrize(
    ("setting", "options"),
    [({"IS_PRODUCTION": True}, {}), ({"DB_ROLE": "app"}, {"remove": True})],
    ids=["production", "application's role"],
)
def test_command_refuses_where_it_has_no_place(
    db: None, setting: dict[str, bool | str], options: dict[str, bool]
) -> None:
    with override_settings(**setting), pytest.raises(CommandError):
        call_command("load_demo", **options)
