"""A thousand spoilt workbooks: every bad cell is located, nothing is half written, nothing fails but by refusal."""

from __future__ import annotations

import datetime
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Role, User
from accounts.refusals import Refused
from progress.models import Frequency, ImportRun, ImportStatus, Period, ProgressEntry, Series
from progress.services import imports
from tests import factories as make
from tests.progress import filled
from tests.progress.filled import COLUMNS

WORKBOOKS = 10 * int(os.environ.get("BATTERY_ROUNDS", "2"))
ROWS = 12
#: Rows of title and notes above the headers.
TOP = 2

pytestmark = [pytest.mark.battery, pytest.mark.django_db(transaction=True)]

Cell = tuple[int, str]
Spoilt = tuple[str, Any, str]

#: A column, what is written into it, and the column at which that is said.
BREAKS: list[Spoilt] = [
    *(("project", text, "project") for text in ("nowhere", "", "project 1", "项目", "'; DROP TABLE x", "%s", "\\N")),
    *(("indicator", text, "indicator") for text in ("none", "", 0)),
    *(("region", text, "region") for text in ("149999", "1404040", "", "長治")),
    *(("period", text, "period") for text in ("三月", "", "2025-13", "2025年第1季度", "2031年1月", 12)),
    *(("unit", text, "unit") for text in ("公顷", "亩亩", 1)),
    *(("value", text, "value") for text in ("abc", "１２", "12亩", "1,23", "1e3", "NaN", "--1", "1 2", "∞", "0x1")),
    *(("value", text, "value") for text in (-5, 1.234, 10**14, 1e300, True, "0.001", "١٢")),
    *(("value", when, "value") for when in (datetime.date(2025, 3, 1), datetime.time(1, 2))),
    ("no_progress_reason", "停工", "no_progress_reason"),
    ("note", "长" * 2001, "note"),
    *(("version", text, "version") for text in ("x", "7", -1, "1.5", "9" * 30)),
]


#: A formula, and what one leaves behind.
LIVE = ("=1+1", "#N/A")


@dataclass
class Book:
    """A workbook while it is spoilt, and where it must be told to be wrong."""

    rows: list[dict[str, Any]]
    columns: list[str] = field(default_factory=lambda: list(COLUMNS))
    top: int = TOP
    wrong: set[Cell] = field(default_factory=set)

    @property
    def is_unfit(self) -> bool:
        """Whether the file as a whole may not be read."""
        is_headless = self.top > 9 or not set(self.columns).issuperset(filled.REQUIRED)
        is_live = any(cells.get(name) in LIVE for cells in self.rows for name in self.columns)
        return is_headless or len(set(self.columns)) < len(self.columns) or is_live

    @property
    def content(self) -> bytes:
        return filled.as_xlsx(self.rows, self.columns, top=self.top)

    def number(self, at: int) -> int:
        """The number in the file of the row at a place counted from 0."""
        return self.top + 2 + at

    def filled_rows(self) -> list[int]:
        """The places of the rows that ask for something; a bad cell in another does no harm and is passed over."""
        return [at for at, cells in enumerate(self.rows) if cells]


Change = Callable[[Book, random.Random], None]


def break_cells(book: Book, dice: random.Random) -> None:
    """One bad cell in each of some rows."""
    for at in dice.sample(book.filled_rows(), dice.randrange(1, ROWS)):
        column, value, told = dice.choice(BREAKS)
        book.rows[at] = {**book.rows[at], column: value}
        book.wrong.add((book.number(at), told))


def repeat_row(book: Book, dice: random.Random) -> None:
    at = dice.choice(book.filled_rows())
    book.rows.append({**book.rows[at], "value": 77})
    book.wrong |= {(book.number(at), "project"), (book.number(len(book.rows) - 1), "project")}


def take_figure_away(book: Book, dice: random.Random) -> None:
    at = dice.choice(book.filled_rows())
    book.rows[at] = {**book.rows[at], "value": "", "note": "只剩说明"}
    book.wrong.add((book.number(at), "note"))


def shuffle_columns(book: Book, dice: random.Random) -> None:
    dice.shuffle(book.columns)


def drop_column(book: Book, dice: random.Random) -> None:
    book.columns.remove(dice.choice(book.columns))


def repeat_column(book: Book, dice: random.Random) -> None:
    book.columns.append(dice.choice(book.columns))


def add_title_rows(book: Book, dice: random.Random) -> None:
    book.top = dice.randrange(14)


def add_blank_rows(book: Book, dice: random.Random) -> None:
    for _ in range(dice.randrange(1, 4)):
        book.rows.insert(dice.randrange(len(book.rows)), {})


def add_formula(book: Book, dice: random.Random) -> None:
    at = dice.randrange(len(book.rows))
    book.rows[at] = {**book.rows[at], dice.choice(["value", "note", "project"]): dice.choice(LIVE)}


#: What is done to the shape comes first, for it moves the rows.
SHAPES: list[Change] = [shuffle_columns, drop_column, repeat_column, add_title_rows, add_blank_rows, add_formula]
CELLS: list[Change] = [break_cells, break_cells, break_cells, repeat_row, take_figure_away]


def spoil_bytes(content: bytes, dice: random.Random) -> bytes:
    """Some bytes changed, cut out, put in, or the end missing."""
    spoilt = bytearray(content)
    for _ in range(dice.randrange(1, 6)):
        at, length = dice.randrange(len(spoilt)), dice.choice([1, 1, 2, 8, 64])
        match dice.randrange(4):
            case 0:
                spoilt[at] ^= 1 << dice.randrange(8)
            case 1:
                del spoilt[at : at + length]
            case 2:
                spoilt[at:at] = dice.randbytes(length)
            case _:
                spoilt[at : at + length] = dice.randbytes(length)
    return bytes(spoilt[: dice.randrange(len(spoilt))] if dice.random() < 0.1 else spoilt)


@dataclass(frozen=True)
class Desk:
    """The clerk at his period, with the series he fills in."""

    clerk: User
    period: Period
    series: list[Series]

    def book(self) -> Book:
        return Book([filled.row(to, self.period, 10 + at) for at, to in enumerate(self.series)])

    def send(self, content: bytes, name: str = "台账.xlsx") -> ImportRun | None:
        """The checked import; None when the file was refused."""
        at = make.inside(self.period)
        try:
            run = imports.receive(upload=SimpleUploadedFile(name, content), by=self.clerk, at=at)
        except Refused:
            return None
        return None if run.status == ImportStatus.REFUSED else run

    def write_and_undo(self, run: ImportRun) -> int:
        """How many entries confirming it wrote, none of which is left."""
        at = make.inside(self.period)
        try:
            run = imports.confirm(run=run, by=self.clerk, at=at)
        except Refused:
            return ProgressEntry.objects.count()
        written = ProgressEntry.objects.count()
        imports.undo(run=run, by=self.clerk, at=at)
        return 0 if ProgressEntry.objects.exists() else written


@pytest.fixture
def desk() -> Desk:
    for kind in (Frequency.MONTH, Frequency.QUARTER):
        make.period(kind=kind)
    clerk = make.user(Role.CLERK, make.COUNTY)
    return Desk(clerk, make.period(), [make.series() for _ in range(ROWS)])


def test_every_bad_cell_of_a_thousand_workbooks_is_located(desk: Desk) -> None:
    seen: Counter[str] = Counter()
    for number in range(WORKBOOKS):
        dice = random.Random(number)  # noqa: S311 - to be repeated, not secret
        book = desk.book()
        for change in (*dice.sample(SHAPES, dice.randrange(3)), dice.choice(CELLS)):
            change(book, dice)

        run = desk.send(book.content)

        if book.is_unfit:
            assert run is None, number
            seen["unfit"] += 1
            continue
        assert run is not None, number
        told = {(row, column) for row, columns in filled.faults(run).items() for column in columns}
        kept = {(row, column) for row, column in book.wrong if column in book.columns}
        assert told == kept, number
        assert desk.write_and_undo(run) == (0 if told else run.asked), number
        seen["faulty" if told else "sound"] += 1
    assert set(seen) == {"unfit", "faulty"} or "sound" in seen


def test_spoilt_bytes_are_refused_or_change_nothing(desk: Desk) -> None:
    good = desk.book().content
    expected = desk.send(good)
    assert expected is not None
    refused = 0
    for number in range(WORKBOOKS):
        dice = random.Random(number)  # noqa: S311 - to be repeated, not secret

        run = desk.send(spoil_bytes(good, dice))

        refused += run is None
        assert run is None or run.counts == expected.counts, number
        assert not ProgressEntry.objects.exists(), number
    assert refused > WORKBOOKS / 2


def test_spoilt_csv_is_refused_or_located(desk: Desk) -> None:
    good = filled.as_csv(desk.book().rows, encoding="gb18030")
    for number in range(WORKBOOKS):
        dice = random.Random(number)  # noqa: S311 - to be repeated, not secret

        run = desk.send(spoil_bytes(good, dice), "台账.csv")

        if run is not None:
            assert desk.write_and_undo(run) == (0 if run.faulty else run.asked), number
        assert not ProgressEntry.objects.exists(), number
