"""Facts of a line's own rows: derived entries, born verified, corrected by being posted again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import AuditEvent, Role, User
from progress import rollups
from progress.models import (
    EntryOrigin,
    EntryStatus,
    Frequency,
    IndicatorKind,
    LedgerLine,
    PendingDelta,
    ProgressEntry,
    Series,
    SeriesOrigin,
)
from progress.services.entries import SamePerson
from progress.services.facts import NotAdditive, NotDerived
from progress.services.posting import LevelOutOfOrder, MixedPeriods
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def derived(kind: IndicatorKind = IndicatorKind.FLOW) -> Series:
    return make.series(make.indicator(kind), origin=SeriesOrigin.DERIVED)


def posted(entry: ProgressEntry) -> list[tuple[Decimal | int, int]]:
    """Amount and reports of the lines an entry posted, in their order."""
    return [(line.amount, line.reports) for line in entry.lines.order_by("id")]


def total(series: Series) -> rollups.Total:
    [found] = rollups.totals([rollups.Ask(series.indicator_id, make.CITY)])
    return found


def test_fact_is_born_verified_by_its_recorder_and_approver() -> None:
    team = make.team()

    entry = make.fact(by=team)

    assert (entry.origin, entry.status, entry.revision) == (EntryOrigin.DERIVED, EntryStatus.VERIFIED, 1)
    assert (entry.entered_by, entry.verified_by, entry.submitted_by) == (team.clerk, team.reviewer, None)
    assert posted(entry) == [(12, 1)]
    event = AuditEvent.objects.get(action="entry.derive")
    assert (event.actor_id, event.object_id) == (team.reviewer.pk, str(entry.pk))


def test_fact_posted_again_with_the_same_value_does_nothing() -> None:
    series, team = derived(), make.team()
    first = make.fact(series, "12", by=team)

    again = make.fact(series, "12.00", by=team)

    assert again == first
    assert (LedgerLine.objects.count(), AuditEvent.objects.filter(action="entry.derive").count()) == (1, 1)


def test_fact_posted_again_with_another_value_is_the_next_revision() -> None:
    series, team = derived(), make.team()
    make.fact(series, "12", by=team)

    other = make.fact(series, "15", by=team)

    assert (other.revision, other.correction_reason) == (2, "parcel-stage:123: 12.0000 → 15")
    assert posted(other) == [(-12, -1), (15, 1)]
    assert (total(series).amount, total(series).reports) == (Decimal(15), 1)


def test_facts_of_one_period_add_up() -> None:
    series, team = derived(), make.team()

    for number in range(3):
        make.fact(series, 5, name=f"parcel-stage:{number}", by=team)

    assert (total(series).amount, total(series).reports) == (Decimal(15), 3)


def test_fact_is_folded_like_what_people_report() -> None:
    series = derived()
    make.fact(series, 12)
    before = total(series)

    folded = rollups.drain()

    assert (folded, PendingDelta.objects.count(), total(series)) == (1, 0, before)
    assert rollups.audit_rollups().mismatches == ()


def test_fact_does_not_mix_with_typed_figures() -> None:
    with pytest.raises(NotDerived):
        make.fact(make.series())
    assert not ProgressEntry.objects.exists()


def test_one_person_does_not_record_and_approve() -> None:
    person = make.user(Role.CLERK)

    with pytest.raises(SamePerson):
        make.fact(by=make.Team(person, User.objects.get(pk=person.pk), person))
    assert not ProgressEntry.objects.exists()


def test_deputy_of_the_recorder_does_not_approve() -> None:
    team = make.team()
    make.duty(team.reviewer, Role.REVIEWER, deputises_for=team.clerk)

    with pytest.raises(SamePerson):
        make.fact(by=team)


def test_level_comes_from_one_fact_of_its_period() -> None:
    series, team = derived(IndicatorKind.STOCK), make.team()
    make.fact(series, 70, by=team)

    with pytest.raises(NotAdditive):
        make.fact(series, 10, name="parcel-stage:124", by=team)
    assert total(series).amount == 70


def test_level_of_a_fact_is_corrected_and_followed() -> None:
    series, team = derived(IndicatorKind.STOCK), make.team()
    make.fact(series, 70, make.period(2025, 3), by=team)
    make.fact(series, 85, make.period(2025, 4), name="parcel-stage:124", by=team)

    other = make.fact(series, 72, make.period(2025, 3), by=team)

    assert posted(other) == [(-70, -1), (72, 1), (-2, 0)]
    assert total(series).amount == 85
    with pytest.raises(LevelOutOfOrder):
        make.fact(series, 86, make.period(2025, 3), by=team)


def test_level_of_a_fact_keeps_to_the_series_frequency() -> None:
    with pytest.raises(MixedPeriods):
        make.fact(derived(IndicatorKind.STOCK), 70, make.period(2025, 3, Frequency.QUARTER))


@pytest.mark.parametrize("whose", ["account", "series", "fact before"])
def test_fact_of_a_demonstration_is_demonstration_data(whose: str) -> None:
    series, team = derived(), make.team()
    match whose:
        case "series":
            series.is_demo = True
        case "fact before":
            demonstrator = make.team()
            demonstrator.clerk.is_demo = True
            make.fact(series, 3, by=demonstrator)
        case _:
            team.clerk.is_demo = True

    assert make.fact(series, by=team).is_demo
