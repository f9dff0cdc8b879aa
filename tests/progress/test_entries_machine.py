"""The entry machine: every step from every status, and by the right person only."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import WorkLine
from progress.gate import CITY_TIME
from progress.models import EntryStatus, Frequency, IndicatorKind, LedgerLine, ProgressEntry, SeriesOrigin
from progress.services import corrections, entries
from progress.services.entries import (
    AlreadyEntered,
    Content,
    Incomplete,
    PeriodClosed,
    StaleVersion,
    WrongStatus,
)
from tests import factories as make
from tests.progress.steps import change, correct, delete, review, send_back, submit, verify, withdraw

pytestmark = pytest.mark.django_db

DRAFT, SUBMITTED, RETURNED, REVIEWED, VERIFIED = EntryStatus

Step = Callable[[ProgressEntry, User], object]


#: Each step with whose it is, and where it leads from each status it may be taken in ("" where the entry is gone).
MACHINE: dict[Step, tuple[str, dict[EntryStatus, str]]] = {
    change: ("clerk", {DRAFT: DRAFT, RETURNED: RETURNED}),
    delete: ("clerk", {DRAFT: ""}),
    submit: ("clerk", {DRAFT: SUBMITTED, RETURNED: SUBMITTED}),
    withdraw: ("clerk", {SUBMITTED: DRAFT}),
    review: ("reviewer", {SUBMITTED: REVIEWED}),
    send_back: ("reviewer", {SUBMITTED: RETURNED}),
    verify: ("verifier", {REVIEWED: VERIFIED}),
    correct: ("clerk", {VERIFIED: VERIFIED}),
}
LEGAL = [(step, status, to) for step, (_whose, ways) in MACHINE.items() for status, to in ways.items()]
ILLEGAL = [
    (step, status)
    for step, (_whose, ways) in MACHINE.items()
    for status in EntryStatus
    if status not in ways and (step, status) != (send_back, REVIEWED)  # that one is the verifier's
]
FOREIGN = [
    (step, next(iter(ways)), role)
    for step, (whose, ways) in MACHINE.items()
    for role in ("clerk", "reviewer", "verifier", "leader")
    if role != whose
]


def named(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize(("step", "status", "to"), LEGAL, ids=named)
def test_step_leads_on(step: Step, status: EntryStatus, to: str) -> None:
    team = make.team()
    entry = make.entry(status=status, by=team)

    step(entry, getattr(team, MACHINE[step][0]))

    assert list(ProgressEntry.objects.filter(pk=entry.pk).values_list("status", flat=True)) == ([to] if to else [])


def test_verifier_sends_a_reviewed_entry_back() -> None:
    team = make.team()
    entry = make.entry(status=REVIEWED, by=team)

    returned = send_back(entry, team.verifier, "缺少验收单")

    assert (returned.status, returned.return_reason) == (RETURNED, "缺少验收单")
    assert (returned.returned_by, returned.reviewed_by) == (team.verifier, None)


@pytest.mark.parametrize(("step", "status"), ILLEGAL, ids=named)
def test_step_from_another_status_is_refused(step: Step, status: EntryStatus) -> None:
    team = make.team()
    entry = make.entry(status=status, by=team)

    with pytest.raises(WrongStatus):
        step(entry, getattr(team, MACHINE[step][0]))
    assert ProgressEntry.objects.get(pk=entry.pk).status == status


@pytest.mark.parametrize(("step", "status", "role"), FOREIGN, ids=named)
def test_step_by_another_role_is_refused(step: Step, status: EntryStatus, role: Role) -> None:
    entry = make.entry(status=status)
    stranger = make.user(role, make.COUNTY)

    with pytest.raises(NotAllowed):
        step(entry, stranger)
    assert ProgressEntry.objects.get(pk=entry.pk).status == status


@pytest.mark.parametrize(
    "duty",
    [
        {"region_code": make.OTHER_COUNTY},
        {"region_code": make.COUNTY, "line": WorkLine.WATER},
        {"region_code": make.COUNTY, "valid_until": datetime.date(2024, 12, 31)},
        {"region_code": make.COUNTY, "valid_from": datetime.date(2099, 1, 1)},
    ],
    ids=["another county", "another line", "expired", "not yet in force"],
)
def test_duty_that_does_not_cover_the_entry_is_refused(duty: dict[str, Any]) -> None:
    clerk = make.user()
    make.duty(clerk, Role.CLERK, **duty)

    with pytest.raises(NotAllowed):
        submit(make.entry(), clerk)


def test_only_its_submitter_withdraws() -> None:
    entry = make.entry(status=SUBMITTED)

    with pytest.raises(NotAllowed):
        withdraw(entry, make.user(Role.CLERK, make.COUNTY))


def test_submitter_without_a_duty_any_more_does_not_withdraw() -> None:
    team = make.team()
    entry = make.entry(status=SUBMITTED, by=team)
    team.clerk.duties.update(valid_until=datetime.date(2025, 3, 31))

    with pytest.raises(NotAllowed):
        withdraw(entry, User.objects.get(pk=team.clerk.pk))


@pytest.mark.parametrize("step", [change, delete, submit], ids=named)
def test_stale_version_is_refused_and_shows_the_current_entry(step: Step) -> None:
    team = make.team()
    seen = make.entry(by=team)
    change(seen, team.clerk, Content(Decimal(99)))

    with pytest.raises(StaleVersion) as refusal:
        step(seen, team.clerk)
    assert (refusal.value.current.value, refusal.value.current.version) == (Decimal(99), 2)


def test_deleted_draft_is_refused_with_a_sentence() -> None:
    team = make.team()
    entry = make.entry(by=team)
    seen = ProgressEntry.objects.get(pk=entry.pk)
    delete(entry, team.clerk)

    with pytest.raises(WrongStatus, match="已被删除"):
        submit(seen, team.clerk)


@pytest.mark.parametrize("step", [change, submit], ids=named)
def test_closed_period_refuses_with_its_reason(step: Step) -> None:
    team = make.team()
    entry = make.entry(by=team)
    entry.period.closes_on = entry.period.due_on = entry.period.opens_on
    entry.period.save()

    with pytest.raises(PeriodClosed, match="已于2025年3月1日截止填报"):
        step(entry, team.clerk)


def test_returned_entry_is_mended_for_three_days_after_its_period_closed() -> None:
    team = make.team()
    entry = make.entry(status=SUBMITTED, by=team)
    closed = datetime.datetime(2025, 5, 20, 23, 30, tzinfo=CITY_TIME)
    step = partial(entries.return_entry, by=team.reviewer, at=closed, reason="请补依据")
    entry = step(entry=entry, version=entry.version)

    fix = partial(entries.change_draft, content=Content(Decimal(12)), by=team.clerk)
    with pytest.raises(PeriodClosed, match="2025年3月已于2025年4月10日截止填报"):
        fix(entry=entry, version=entry.version, at=datetime.datetime(2025, 5, 24, tzinfo=CITY_TIME))
    last_moment = datetime.datetime(2025, 5, 23, 23, 59, tzinfo=CITY_TIME)
    entry = fix(entry=entry, version=entry.version, at=last_moment)
    entry = entries.submit(entry=entry, version=entry.version, by=team.clerk, at=last_moment)

    assert (entry.status, entry.value) == (SUBMITTED, Decimal(12))


def test_review_and_verification_go_on_after_the_period_closed() -> None:
    team = make.team()
    entry = make.entry(status=SUBMITTED, by=team)
    late = make.inside(entry.period) + datetime.timedelta(days=90)

    entry = entries.review(entry=entry, version=entry.version, by=team.reviewer, at=late)
    entry = entries.verify(entry=entry, version=entry.version, by=team.verifier, at=late)

    assert (entry.status, entry.verified_at) == (VERIFIED, late)


def test_second_draft_of_a_period_names_the_first() -> None:
    team, series = make.team(), make.series()
    first = make.entry(series, by=team)

    with pytest.raises(AlreadyEntered) as refusal:
        make.entry(series, by=team)
    assert refusal.value.existing == first


def test_derived_series_is_not_typed() -> None:
    with pytest.raises(WrongStatus, match="不能手工填报"):
        make.entry(make.series(origin=SeriesOrigin.DERIVED))


def test_derived_figure_is_not_corrected_by_hand() -> None:
    entry = make.fact()

    with pytest.raises(WrongStatus, match="不能手工填报") as refusal:
        correct(entry, make.user(Role.CLERK, make.COUNTY))
    assert refusal.value.field == "series"
    assert ProgressEntry.objects.get() == entry


def test_period_of_another_frequency_is_refused() -> None:
    with pytest.raises(WrongStatus, match="按月报送"):
        make.entry(when=make.period(2025, 3, Frequency.QUARTER))


def test_blank_draft_is_kept_and_not_submitted() -> None:
    team = make.team()
    entry = make.entry(value=None, by=team)

    with pytest.raises(Incomplete):
        submit(entry, team.clerk)
    assert ProgressEntry.objects.get(pk=entry.pk).value is None


@pytest.mark.parametrize("content", [Content(Decimal(0)), Content(no_progress_reason="冻土期停工")], ids=["0", "none"])
def test_zero_and_no_progress_are_submitted_as_they_are(content: Content) -> None:
    team = make.team()
    entry = submit(change(make.entry(value=None, by=team), team.clerk, content), team.clerk)

    assert (entry.value, entry.no_progress_reason) == (content.value, content.no_progress_reason)


@pytest.mark.parametrize(
    "content",
    [
        Content(Decimal(1), no_progress_reason="停工"),
        Content(no_progress_reason="停" * 201),
        Content(Decimal(1), note="字" * 2001),
        Content(Decimal("-0.01")),
    ],
    ids=["value and reason", "long reason", "long note", "negative"],
)
def test_content_that_cannot_stand_is_refused(content: Content) -> None:
    team = make.team()

    with pytest.raises(Incomplete):
        change(make.entry(by=team), team.clerk, content)


@pytest.mark.parametrize(
    ("kind", "may_fall", "is_taken"),
    [
        (IndicatorKind.FLOW, True, True),
        (IndicatorKind.FLOW, False, False),
        (IndicatorKind.STOCK, True, False),
        (IndicatorKind.STOCK, False, False),
    ],
)
def test_negative_value_is_taken_only_of_an_increment_whose_total_may_fall(
    kind: IndicatorKind, may_fall: bool, is_taken: bool
) -> None:
    series = make.series(make.indicator(kind, may_fall=may_fall))

    if is_taken:
        assert make.entry(series, -5).value == -5
    else:
        with pytest.raises(Incomplete, match="不能填负数") as refusal:
            make.entry(series, -5)
        assert refusal.value.field == "value"


@pytest.mark.parametrize("reason", ["", "  ", "字" * 201], ids=["empty", "blank", "long"])
@pytest.mark.parametrize(
    ("step", "status", "whose"), [(send_back, SUBMITTED, "reviewer"), (correct, VERIFIED, "clerk")], ids=named
)
def test_reason_is_asked_for_and_fits(step: Any, status: EntryStatus, whose: str, reason: str) -> None:
    team = make.team()
    entry = make.entry(status=status, by=team)

    with pytest.raises(Incomplete) as refusal:
        step(entry, getattr(team, whose), reason)
    assert refusal.value.field == "reason"


def test_resubmitting_takes_the_return_mark_away_and_the_audit_keeps_it() -> None:
    team = make.team()
    entry = make.entry(status=RETURNED, by=team)

    entry = submit(entry, team.clerk)

    assert (entry.returned_by, entry.returned_at, entry.return_reason) == (None, None, "")
    assert AuditEvent.objects.filter(action="entry.return", object_id=str(entry.pk), reason="请补依据").exists()


def test_correction_is_the_next_revision_and_only_one_is_open() -> None:
    team = make.team()
    entry = make.verified_entry(by=team)

    opened = correct(entry, team.clerk)

    assert (opened.revision, opened.status, opened.correction_reason) == (2, DRAFT, "复核测量")
    with pytest.raises(AlreadyEntered) as refusal:
        correct(entry, team.clerk)
    assert refusal.value.existing == opened


def test_correction_needs_no_open_period() -> None:
    team = make.team()
    entry = make.verified_entry(by=team)
    much_later = make.inside(entry.period) + datetime.timedelta(days=400)

    opened = corrections.open_correction(entry=entry, by=team.clerk, at=much_later, reason="复核")
    changed = entries.change_draft(
        entry=opened, version=opened.version, content=Content(Decimal(9)), by=team.clerk, at=much_later
    )

    assert entries.submit(entry=changed, version=changed.version, by=team.clerk, at=much_later).status == SUBMITTED


def test_voiding_correction_takes_no_value() -> None:
    team = make.team()
    entry = make.verified_entry(by=team)
    void = corrections.open_correction(
        entry=entry, by=team.clerk, at=make.inside(entry.period), reason="重复", is_void=True
    )

    with pytest.raises(Incomplete, match="不填数值"):
        change(void, team.clerk)
    assert submit(void, team.clerk).is_void


def test_every_step_is_audited_with_before_and_after() -> None:
    entry = make.verified_entry()

    events = AuditEvent.objects.filter(object_type="progress.progressentry", object_id=str(entry.pk)).order_by("id")

    assert [(event.action, (event.after or {})["status"]) for event in events] == [
        ("entry.create", "draft"),
        ("entry.submit", "submitted"),
        ("entry.review", "reviewed"),
        ("entry.verify", "verified"),
    ]
    assert [event.before and event.before["status"] for event in events] == [None, "draft", "submitted", "reviewed"]


def test_step_whose_audit_fails_did_not_happen() -> None:
    team = make.team()
    entry = make.entry(status=REVIEWED, by=team)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditevent ADD CONSTRAINT full_up CHECK (action <> 'entry.verify')")

    with pytest.raises(IntegrityError):
        verify(entry, team.verifier)

    assert ProgressEntry.objects.get(pk=entry.pk).status == REVIEWED
    assert not LedgerLine.objects.exists()


def test_refusals_are_sentences_for_the_user() -> None:
    team = make.team()

    with pytest.raises(Refused) as refusal:
        review(make.entry(by=team), team.reviewer)

    assert str(refusal.value) == "这条填报现在是“草稿”，不能办理此步骤。"
