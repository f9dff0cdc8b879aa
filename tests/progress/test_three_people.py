"""Entering, reviewing and verifying take three people, whoever stands in for whom; a demonstration stays one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from progress import agenda
from progress.models import EntryStatus, ProgressEntry
from progress.services import corrections, entries
from progress.services.entries import Content, SamePerson
from tests import factories as make
from tests.pages import signed_in
from tests.progress.steps import change, correct, review, submit, verify

pytestmark = pytest.mark.django_db

SUBMITTED, REVIEWED = EntryStatus.SUBMITTED, EntryStatus.REVIEWED
Step = Callable[[ProgressEntry, User], object]


def deputy(of: User, role: Role) -> User:
    """Somebody who reviews or verifies in that person's stead."""
    person = make.user()
    make.duty(person, role, deputises_for=of)
    return person


def editor() -> User:
    """A clerk who may review as well."""
    person = make.user(Role.CLERK, make.COUNTY)
    make.duty(person, Role.REVIEWER, make.COUNTY)
    return person


@pytest.mark.parametrize(("step", "status"), [(review, SUBMITTED), (verify, REVIEWED)])
def test_who_entered_neither_reviews_nor_verifies(step: Step, status: EntryStatus) -> None:
    team = make.team()
    make.duty(team.clerk, Role.REVIEWER)
    make.duty(team.clerk, Role.VERIFIER)
    entry = make.entry(status=status, by=team)

    with pytest.raises(SamePerson):
        step(entry, team.clerk)


def test_reviewer_does_not_verify() -> None:
    team = make.team()
    make.duty(team.reviewer, Role.VERIFIER)
    entry = make.entry(status=REVIEWED, by=team)

    with pytest.raises(SamePerson):
        verify(entry, team.reviewer)


def test_who_last_edited_the_value_does_not_review_what_another_submits() -> None:
    team, other = make.team(), editor()
    entry = change(make.entry(by=team), other)
    entry = submit(entry, team.clerk)

    with pytest.raises(SamePerson):
        review(entry, other)


def test_who_set_the_figure_does_not_review_it_after_another_edited_the_note() -> None:
    author, other, period = editor(), make.user(Role.CLERK, make.COUNTY), make.period()
    entry = entries.create_draft(
        series=make.series(), period=period, content=Content(Decimal(10)), by=author, at=make.inside(period)
    )
    entered_at = entry.entered_at

    entry = submit(change(entry, other, Content(Decimal("10.00"), note="措辞")), other)

    assert (entry.entered_by, entry.entered_at, entry.note) == (author, entered_at, "措辞")
    with pytest.raises(SamePerson):
        review(entry, author)


@pytest.mark.parametrize(
    "content", [Content(Decimal(11)), Content(no_progress_reason="停工"), Content()], ids=["value", "reason", "blank"]
)
def test_who_changes_the_figure_has_entered_it(content: Content) -> None:
    other = make.user(Role.CLERK, make.COUNTY)

    assert change(make.entry(value=10), other, content).entered_by == other


def test_who_opened_a_void_does_not_review_it_when_another_submits() -> None:
    author, other = editor(), make.user(Role.CLERK, make.COUNTY)
    verified = make.verified_entry()
    opened = corrections.open_correction(
        entry=verified, by=author, at=make.inside(verified.period), reason="重复", is_void=True
    )

    entry = submit(change(opened, other, Content(note="见附件")), other)

    with pytest.raises(SamePerson):
        review(entry, author)


@pytest.mark.parametrize(
    ("whose", "role", "step", "status"),
    [
        ("clerk", Role.REVIEWER, review, SUBMITTED),
        ("clerk", Role.VERIFIER, verify, REVIEWED),
        ("reviewer", Role.VERIFIER, verify, REVIEWED),
    ],
)
def test_deputy_counts_as_the_person_he_stands_in_for(whose: str, role: Role, step: Step, status: EntryStatus) -> None:
    team = make.team()
    entry = make.entry(status=status, by=team)

    with pytest.raises(SamePerson):
        step(entry, deputy(getattr(team, whose), role))
    step(entry, deputy(make.user(), role))


def test_deputy_is_not_offered_what_he_may_not_take(client: Client) -> None:
    team = make.team()
    submitted, reviewed = make.entry(status=SUBMITTED, by=team), make.entry(status=REVIEWED, by=team)
    reviewer, verifier = deputy(team.clerk, Role.REVIEWER), deputy(team.reviewer, Role.VERIFIER)

    page = signed_in(client, reviewer).get(reverse("entry", args=[submitted.pk]))

    refusals = {offer.step: str(offer.refusal) for offer in page.context["offers"]}
    assert "必须由三个人分别完成" in refusals["review"]
    assert list(agenda.to_review(reviewer)) == list(agenda.to_verify(verifier)) == []
    assert list(agenda.to_review(team.reviewer)) == [submitted]
    assert list(agenda.to_verify(team.verifier)) == [reviewed]


def test_what_a_demonstration_account_enters_is_demonstration_data() -> None:
    team = make.team()
    team.clerk.is_demo = True
    real = make.verified_entry()

    assert make.entry(by=team).is_demo
    assert correct(real, team.clerk).is_demo
    assert make.entry(make.series(is_demo=True)).is_demo
    assert not real.is_demo


def test_what_a_demonstration_account_changes_becomes_demonstration_data() -> None:
    demonstrator, real = make.user(Role.CLERK, make.COUNTY, is_demo=True), make.user(Role.CLERK, make.COUNTY)

    changed = change(make.entry(), demonstrator)

    assert changed.is_demo
    assert change(changed, real, Content(Decimal(13))).is_demo
