"""The rules of the sheet are those of the form: any text that one takes the other takes, any it refuses it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import Role, User
from accounts.refusals import Refused
from accounts.sheets import guarded
from progress.forms import EntryForm
from progress.models import ImportRow, IndicatorKind, Period, Series
from progress.rules import COMMON_REASONS, HEADERS, INPUTS, KEYS, NOTE_LIMIT, READ, REASON_LIMIT, REQUIRED
from progress.services import entries, imports
from tests import factories as make
from tests.progress import filled

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

#: Rows of one example: several of each kind of series.
ROWS = 15


class Typed(NamedTuple):
    """What somebody typed into the three inputs."""

    value: str
    reason: str
    note: str


class Answer(NamedTuple):
    """What became of it: a content, or the columns at fault."""

    value: Decimal | None
    reason: str
    note: str
    faults: frozenset[str]


def readable(text: str) -> bool:
    """Whether the text passes through a CSV as it is; line breaks are made alike on the way."""
    return not text.startswith("'") and "\r" not in text


digits = st.text("0123456789", min_size=1, max_size=18)
numbers = st.builds("{}{}{}{}".format, st.sampled_from(["", "-", "+"]), digits, st.sampled_from(["", ".", ","]), digits)
like_numbers = st.text("0123456789.,-+ eE%/１．亩\u3000\n", max_size=24)
small = st.decimals(-300, 300, places=2).map(str)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12).filter(readable)
values = st.one_of(small, numbers, like_numbers, st.just(""), texts).filter(readable)
long = (
    st.sampled_from([REASON_LIMIT, NOTE_LIMIT])
    .flatmap(lambda limit: st.integers(limit - 1, limit + 1))
    .map("长".__mul__)
)
reasons, notes = st.one_of(st.just(""), texts, long), st.one_of(st.just(""), texts, long)
typed = st.builds(Typed, values, reasons, notes)


@pytest.fixture
def series() -> list[Series]:
    """Flows that may and may not fall, with and without decimals, and levels between two verified neighbours."""
    measured = [
        make.indicator(),
        make.indicator(may_fall=True, decimals=0),
        make.indicator(decimals=4),
        make.indicator(IndicatorKind.STOCK),
        make.indicator(IndicatorKind.STOCK, may_fall=True, decimals=1),
    ]
    found = [make.series(measured[number % len(measured)]) for number in range(ROWS)]
    for each in found:
        if each.indicator.kind == IndicatorKind.STOCK:
            make.verified_entry(each, 10, make.period(2025, 2))
            make.verified_entry(each, 200, make.period(2025, 4))
    return found


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(inputs=st.lists(typed, min_size=ROWS, max_size=ROWS))
def test_sheet_and_form_agree_on_any_text(series: list[Series], inputs: list[Typed]) -> None:
    march = make.period()
    with transaction.atomic():
        clerk = make.user(Role.CLERK)
        by_sheet = imported(list(zip(series, inputs, strict=True)), clerk, march)
        by_form = [entered(each, one, clerk, march) for each, one in zip(series, inputs, strict=True)]
        transaction.set_rollback(True)

    for one, sheet, form in zip(inputs, by_sheet, by_form, strict=True):
        if one.value.strip() or one.reason.strip():
            # The service stops at the first fault, the sheet tells all of them.
            assert form.faults <= sheet.faults, one
            assert bool(form.faults) == bool(sheet.faults), one
            assert sheet.faults or sheet == form, one
        else:
            assert sheet.faults <= {"note"}, one


def imported(rows: list[tuple[Series, Typed]], clerk: User, when: Period) -> list[Answer]:
    """What the import answers to each; a row without any text is not even one, so each has a version."""
    cells = [
        filled.row(
            to,
            when,
            guarded(one.value),
            no_progress_reason=guarded(one.reason),
            note=guarded(one.note),
        )
        for to, one in rows
    ]
    file = filled.upload(filled.as_csv(cells), "台账.csv")
    run = imports.receive(upload=file, by=clerk, at=make.inside(when))
    return [answered(line) for line in run.lines.order_by("row")]


def answered(line: ImportRow) -> Answer:
    faults = frozenset(error["column"] for error in line.errors or [])
    return Answer(None, "", "", faults) if faults else Answer(line.value, line.no_progress_reason, line.note, faults)


def entered(to: Series, one: Typed, clerk: User, when: Period) -> Answer:
    """What form and service answer."""
    data = {"receipt": "6f1c0f3e-6f43-4f0e-9b0c-2f9b7a0f8f11", "value": one.value}
    form = EntryForm({**data, "no_progress_reason": one.reason, "note": one.note}, indicator=to.indicator)
    faults = set() if form.is_valid() else set(form.errors)
    content = form.content if not faults else None
    if content:
        try:
            with transaction.atomic():
                entries.create_draft(series=to, period=when, content=content, by=clerk, at=make.inside(when))
                transaction.set_rollback(True)
        except Refused as refusal:
            faults = {refusal.field}
    if faults or content is None:
        return Answer(None, "", "", frozenset(faults))
    return Answer(content.value, content.no_progress_reason, content.note, frozenset())


@pytest.mark.parametrize(
    "text", ["0" * 400 + "1.5" + "0" * 400, "0." + "0" * 20_000, "9" * 14 + ".9999", "-0", "1,234,567.5", "+.5"]
)
def test_long_and_odd_numbers_are_read_exactly(text: str) -> None:
    to, march, clerk = make.series(make.indicator(decimals=4)), make.period(), make.user(Role.CLERK)

    [answer] = imported([(to, Typed(text, "", ""))], clerk, march)

    assert answer == entered(to, Typed(text, "", ""), clerk, march)
    assert answer.value == Decimal(text.replace(",", ""))


def test_levels_are_refused_in_the_words_of_the_service(series: list[Series]) -> None:
    level, march, clerk = series[3], make.period(), make.user(Role.CLERK)
    content = entries.Content(Decimal("9.5"))

    with pytest.raises(Refused) as refused:
        entries.create_draft(series=level, period=march, content=content, by=clerk, at=make.inside(march))

    assert filled.told(filled.receive([filled.row(level, march, 9.5)], clerk, march)) == [str(refused.value)]


def test_sheet_is_described_once() -> None:
    assert set(KEYS) | set(INPUTS) <= set(READ) <= set(HEADERS)
    assert set(REQUIRED) <= set(READ)
    assert len(set(HEADERS.values())) == len(HEADERS)
    assert all(len(reason) <= REASON_LIMIT for reason in COMMON_REASONS)
