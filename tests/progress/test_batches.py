"""Many entries reviewed or verified at once: each for itself, together in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import pytest
from django.db import connection

from accounts.models import AuditEvent, Role, User
from progress import rollups
from progress.models import EntryStatus, LedgerLine, ProgressEntry
from progress.services import batches
from progress.services.batches import Decision, Outcome, Ruling
from tests import factories as make

DRAFT, SUBMITTED, RETURNED, REVIEWED, VERIFIED = EntryStatus
PASS, RETURN = Decision.PASS, Decision.RETURN


def ruling(entry: ProgressEntry, decision: str = PASS, opinion: str = "") -> Ruling:
    return Ruling(entry.pk, entry.version, decision, opinion)


def rule(by: User, *rulings: Ruling) -> Outcome:
    return batches.rule(rulings=rulings, by=by, at=make.inside(make.period()))


def codes(outcome: Outcome) -> dict[int, str]:
    return {entry: refusal.code for entry, refusal in outcome.refused.items()}


def statuses(entries: Iterable[ProgressEntry]) -> list[str]:
    return [ProgressEntry.objects.get(pk=entry.pk).status for entry in entries]


@pytest.mark.django_db
def test_reviewer_passes_some_and_returns_others_with_opinions_in_the_trail() -> None:
    team = make.team()
    first, second, third = (make.entry(status=SUBMITTED, by=team) for _ in range(3))

    outcome = rule(team.reviewer, ruling(first, PASS, "与台账相符"), ruling(second, RETURN, "缺照片"), ruling(third))

    assert (outcome.passed, outcome.returned, outcome.refused) == (2, 1, {})
    assert statuses([first, second, third]) == [REVIEWED, RETURNED, REVIEWED]
    events = AuditEvent.objects.filter(action__in=("entry.review", "entry.return")).order_by("pk")
    assert list(events.values_list("action", "reason")) == [
        ("entry.review", "与台账相符"),
        ("entry.return", "缺照片"),
        ("entry.review", ""),
    ]


@pytest.mark.django_db
@pytest.mark.engine
def test_verifier_posts_each_passed_entry_to_the_ledger() -> None:
    team, series = make.team(), make.series()
    found = [make.entry(series, n, make.period(2025, n), status=REVIEWED, by=team) for n in (1, 2, 3)]

    outcome = rule(team.verifier, *map(ruling, found))

    assert outcome.passed == 3
    assert statuses(found) == [VERIFIED] * 3
    assert sorted(LedgerLine.objects.values_list("amount", flat=True)) == [1, 2, 3]
    assert rollups.audit_rollups().mismatches == ()


@pytest.mark.django_db
def test_what_is_refused_holds_nothing_else_up() -> None:
    team, other = make.team(), make.team()
    make.duty(team.reviewer, Role.CLERK, make.COUNTY)
    good, stale, silent, undecided = (make.entry(status=SUBMITTED, by=team) for _ in range(4))
    own = make.entry(status=SUBMITTED, by=make.Team(team.reviewer, other.reviewer, other.verifier))
    elsewhere = make.entry(make.series(region_code=make.OTHER_TOWN), status=SUBMITTED)
    reviewed = make.entry(status=REVIEWED, by=other)

    outcome = rule(
        team.reviewer,
        ruling(good),
        Ruling(stale.pk, stale.version - 1, PASS),
        ruling(silent, RETURN),
        ruling(undecided, "", "请说明"),
        ruling(own),
        ruling(elsewhere),
        ruling(reviewed),
        Ruling(999_999, 1, PASS),
    )

    assert (outcome.passed, outcome.returned) == (1, 0)
    assert codes(outcome) == {
        stale.pk: "stale_version",
        silent.pk: "incomplete",
        undecided.pk: "undecided",
        own.pk: "same_person",
        elsewhere.pk: "out_of_sight",
        reviewed.pk: "not_allowed",
        999_999: "out_of_sight",
    }
    assert statuses([good, stale, silent, undecided, own, elsewhere]) == [REVIEWED, *[SUBMITTED] * 5]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("whose", "role", "status"),
    [("clerk", Role.REVIEWER, SUBMITTED), ("clerk", Role.VERIFIER, REVIEWED), ("reviewer", Role.VERIFIER, REVIEWED)],
)
def test_deputy_of_who_had_a_part_is_refused_in_a_batch_too(whose: str, role: Role, status: EntryStatus) -> None:
    team = make.team()
    entry, free = make.entry(status=status, by=team), make.entry(status=status)
    deputy = make.user()
    make.duty(deputy, role, deputises_for=getattr(team, whose))

    outcome = rule(deputy, ruling(entry), ruling(free))

    assert codes(outcome) == {entry.pk: "same_person"}
    assert outcome.passed == 1


def at_once(*acts: Callable[[], object]) -> None:
    """Run the acts in threads of their own, started together."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait(timeout=30)
        try:
            act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_two_verifiers_on_the_same_rows_wait_for_each_other_and_never_deadlock() -> None:
    team, other = make.team(), make.user(Role.VERIFIER)
    when = [make.period(2025, month) for month in (1, 2, 3)]
    found = [
        make.entry(series, 1, period, status=REVIEWED, by=team)
        for series in (make.series(), make.series())
        for period in when
    ]
    outcomes: dict[int, Outcome] = {}

    def act(by: User, entries: list[ProgressEntry]) -> Callable[[], None]:
        return lambda: outcomes.update({by.pk: rule(by, *map(ruling, entries))})

    at_once(act(team.verifier, found), act(other, found[::-1]))

    assert sum(outcome.passed for outcome in outcomes.values()) == len(found)
    refused = [code for outcome in outcomes.values() for code in codes(outcome).values()]
    assert refused == ["stale_version"] * len(found)
    assert LedgerLine.objects.count() == len(found)
