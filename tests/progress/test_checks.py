"""Spot checks: drawing that anybody can repeat, and results that stay what they are."""

from __future__ import annotations

import collections
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, connection, transaction

from accounts.models import AuditEvent, Message, Role, User
from accounts.refusals import NotAllowed
from jurisdictions.models import WorkLine
from progress.models import Draw, EntryStatus, ProgressEntry, SpotCheck, SpotCheckResult
from progress.sampling import sample, share
from progress.services import checks, corrections, entries
from progress.services.checks import AlreadyChecked, NothingToDraw, TookPart
from progress.services.entries import Content, Incomplete, WrongStatus
from tests import factories as make
from tests.progress.steps import delete

CONFIRMED, FAULTY = SpotCheckResult.CONFIRMED, SpotCheckResult.FAULTY


def supervisor(region_code: str = make.CITY, **fields: Any) -> User:
    return make.user(Role.SUPERVISOR, region_code, **fields)


def drawn(of: Draw) -> list[int]:
    return list(of.checks.order_by("pk").values_list("entry_id", flat=True))


def record(check: SpotCheck, by: User, result: str = CONFIRMED, finding: str = "") -> SpotCheck:
    at = make.inside(check.entry.period)
    return checks.record_result(spot_check=check, result=result, finding=finding, by=by, at=at)


@pytest.fixture
def check(db: None) -> SpotCheck:
    """The check of one entry of 上党区, which is 10."""
    make.verified_entry()
    return make.draw().checks.get()


def test_same_seed_draws_the_same_whatever_the_order() -> None:
    keys = range(1, 200)

    assert sample("a", keys, 9) == sample("a", reversed(keys), 9)
    assert sample("a", keys, 9) == sample("a", keys, 20)[:9]
    assert sample("a", keys, 9) != sample("b", keys, 9)
    # Computed by hand with sha256sum, as anybody outside the portal would.
    assert sample("changzhi", [1, 2, 3, 4, 5], 2) == [2, 3]


@pytest.mark.parametrize(("size", "many"), [(0, 0), (-3, 0), (3, 3), (9, 4)])
def test_sample_is_never_larger_than_what_there_is(size: int, many: int) -> None:
    assert len(sample("a", [1, 2, 3, 4], size)) == many


def test_every_key_is_drawn_about_as_often() -> None:
    """Of 2,000 draws of 5 from 50 each key is in about 200; six standard deviations are 80."""
    counts = collections.Counter(key for n in range(2000) for key in sample(f"seed-{n}", range(50), 5))

    assert set(counts) == set(range(50))
    assert all(abs(count - 200) < 80 for count in counts.values())


@pytest.mark.parametrize(("percent", "of", "many"), [(5, 30, 2), (5, 20, 1), (100, 7, 7), (1, 1, 1), (10, 0, 0)])
def test_share_is_rounded_up(percent: int, of: int, many: int) -> None:
    assert share(percent, of) == many


@pytest.mark.django_db
def test_draw_takes_what_stands_verified_and_typed_there_and_then() -> None:
    when, team = make.period(), make.team()
    wanted = [make.verified_entry(value=n) for n in range(3)]
    corrected = make.verified_entry(by=team)
    wanted.append(make.correction(corrected, 8, by=team))
    make.entry(status=EntryStatus.REVIEWED)
    make.fact()
    make.verified_entry(when=make.period(2025, 2))
    make.verified_entry(make.series(region_code=make.OTHER_TOWN))
    make.verified_entry(make.series(make.indicator(work_line=WorkLine.WATER), make.project(work_line=WorkLine.WATER)))
    make.verified_entry(make.series(is_demo=True))

    found = make.draw(number=99, when=when, region_code=make.COUNTY)

    assert sorted(drawn(found)) == sorted(found.candidates) == sorted(entry.pk for entry in wanted)
    assert found.size == 4


@pytest.mark.django_db
def test_draw_can_be_repeated_from_what_it_keeps_and_is_audited() -> None:
    for n in range(8):
        make.verified_entry(value=n)
    by = supervisor()

    found = make.draw(by, 25, is_percent=True)

    assert found.size == 2
    assert drawn(found) == sample(found.seed, found.candidates, found.size)
    event = AuditEvent.objects.get(action="check.draw")
    assert (event.actor_id, event.after and event.after["entries"]) == (by.pk, drawn(found))


@pytest.mark.django_db
def test_what_was_drawn_is_not_drawn_again() -> None:
    for n in range(3):
        make.verified_entry(value=n)
    by = supervisor()

    first, second = make.draw(by, 2), make.draw(by, 2)

    assert not set(drawn(first)) & set(drawn(second))
    with pytest.raises(NothingToDraw):
        make.draw(by, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["county", "leader", "other_line"])
def test_draw_takes_the_duty_to_check_for_all_of_its_scope(by: str) -> None:
    make.verified_entry()
    person = {
        "county": lambda: supervisor(make.COUNTY),
        "leader": lambda: make.user(Role.LEADER),
        "other_line": lambda: make.user(Role.SUPERVISOR, make.CITY, WorkLine.WATER),
    }[by]()

    with pytest.raises(NotAllowed):
        make.draw(person)


@pytest.mark.django_db
def test_demonstration_account_draws_from_the_demonstration_only() -> None:
    shown, _real = make.verified_entry(make.series(is_demo=True)), make.verified_entry()

    assert drawn(make.draw(supervisor(is_demo=True))) == [shown.pk]


def test_confirming_changes_nothing_but_says_who_looked_and_when(check: SpotCheck) -> None:
    by = supervisor()

    found = record(check, by, CONFIRMED, "现场复核无误")

    found.refresh_from_db()
    assert (found.result, found.finding, found.checked_by, found.correction) == (CONFIRMED, "现场复核无误", by, None)
    assert ProgressEntry.objects.get() == check.entry
    event = AuditEvent.objects.get(action="entry.confirmed")
    assert (event.object_id, event.reason) == (str(check.entry_id), "现场复核无误")


def test_fault_opens_the_correction_and_tells_the_clerks(check: SpotCheck) -> None:
    clerk, elsewhere = make.user(Role.CLERK, make.COUNTY), make.user(Role.CLERK, make.OTHER_COUNTY)

    found = record(check, supervisor(), FAULTY, "现场只有 6 亩")

    opened = ProgressEntry.objects.get(revision=2)
    assert found.correction == opened
    assert (opened.status, opened.correction_reason) == (EntryStatus.DRAFT, "现场只有 6 亩")
    told = set(Message.objects.values_list("user", "url"))
    assert (clerk.pk, opened.get_absolute_url()) in told
    assert elsewhere.pk not in {user for user, _url in told}


def test_correction_that_a_check_opened_is_filled_in_and_verified_but_not_deleted(check: SpotCheck) -> None:
    team = make.team()
    opened = record(check, supervisor(), FAULTY, "现场只有 6 亩").correction
    assert opened is not None

    with pytest.raises(WrongStatus, match="抽查认定原数不实"):
        delete(opened, team.clerk)
    content = Content(Decimal(6))
    at = make.inside(opened.period)
    filled = entries.change_draft(entry=opened, version=opened.version, content=content, by=team.clerk, at=at)
    corrected = make.walk(filled, EntryStatus.VERIFIED, by=team)

    assert [line.amount for line in corrected.lines.order_by("pk")] == [-10, 6]


def test_fault_without_a_finding_is_refused_and_leaves_nothing(check: SpotCheck) -> None:
    with pytest.raises(Incomplete) as refusal:
        record(check, supervisor(), FAULTY, "  ")

    assert refusal.value.field == "finding"
    check.refresh_from_db()
    assert check.result == ""
    assert ProgressEntry.objects.count() == 1


def test_fault_of_what_is_being_corrected_already_names_that_correction(check: SpotCheck) -> None:
    opened = corrections.open_correction(
        entry=check.entry, by=make.user(Role.CLERK), at=make.inside(check.entry.period), reason="重复计算"
    )

    assert record(check, supervisor(), FAULTY, "现场只有 6 亩").correction == opened


def test_result_is_given_once(check: SpotCheck) -> None:
    record(check, supervisor())

    with pytest.raises(AlreadyChecked):
        record(check, supervisor(), FAULTY, "现场只有 6 亩")


@pytest.mark.parametrize("step", ["entered", "submitted", "reviewed", "verified"])
@pytest.mark.parametrize("is_deputy", [False, True])
def test_who_had_a_part_in_the_entry_does_not_check_it(check: SpotCheck, step: str, *, is_deputy: bool) -> None:
    person: User = getattr(check.entry, f"{step}_by")
    by = make.user() if is_deputy else person
    make.duty(by, Role.SUPERVISOR, deputises_for=person if is_deputy else None)

    with pytest.raises(TookPart):
        record(check, by)


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.VERIFIER, Role.LEADER])
def test_checking_takes_the_duty_to_check(check: SpotCheck, role: Role) -> None:
    with pytest.raises(NotAllowed):
        record(check, make.user(role))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE progress_draw SET seed = 'another'", "draws are append-only"),
        ("DELETE FROM progress_draw", "draws are append-only"),
        ("UPDATE progress_spotcheck SET finding = '改'", "the result of a check is final"),
        ("UPDATE progress_spotcheck SET result = 'faulty', finding = '改'", "the result of a check is final"),
        ("DELETE FROM progress_spotcheck", "what was drawn stays drawn"),
    ],
)
def test_database_keeps_draws_and_results(check: SpotCheck, statement: str, words: str) -> None:
    record(check, supervisor())

    assert words in refused_by_database(statement)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("entry_id = {other}", "what was drawn stays drawn"),
        ("result = 'confirmed', checked_at = now(), checked_by_id = {verifier}", "had a part in an entry"),
        ("result = 'confirmed', checked_at = now()", "spot_check_result_is_whole"),
        ("result = 'faulty', checked_at = now(), checked_by_id = {stranger}", "spot_check_result_is_whole"),
        ("finding = '先写着'", "spot_check_result_is_whole"),
    ],
)
def test_database_takes_whole_results_from_others_only(check: SpotCheck, columns: str, words: str) -> None:
    people = {"verifier": check.entry.verified_by_id, "stranger": make.user().pk, "other": make.verified_entry().pk}

    assert words in refused_by_database(f"UPDATE progress_spotcheck SET {columns.format(**people)}")  # noqa: S608


def refused_by_database(statement: str) -> str:
    with pytest.raises(Error) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(refusal.value).splitlines()[0]
