"""Jumps (突变): a value far from what the same series reported before; it asks to look again and never refuses."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from django.utils.translation import gettext as _

from progress import display

#: Values of the past without which there is no telling what is usual.
ENOUGH = 4
#: How many median absolute deviations are far: 4.45 of them are three standard deviations of a normal spread.
FAR = Decimal("4.45")
#: A steady series deviates by next to nothing, so what is far must also differ by this share of the median.
SHARE = Decimal("0.5")

#: How many times the largest of a few past values is too much: a value in the wrong unit, or a slipped point.
MANY = 10

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Jump:
    """A value far from the `middle`, the median, of so many `periods` before it; all in the indicator's unit."""

    value: Decimal
    middle: Decimal
    periods: int


@dataclass(frozen=True)
class Leap:
    """A value over MANY times the `largest` of so few `periods` before it that their spread says nothing."""

    largest: Decimal
    periods: int


def increments(levels: Sequence[Decimal]) -> list[Decimal]:
    """What each level of a stock adds to the one before it; one fewer than there are levels."""
    return [after - before for before, after in itertools.pairwise(levels)]


def jump(value: Decimal, past: Sequence[Decimal]) -> Jump | None:
    """The jump from the past values to this one; None where it is no jump or too little is known."""
    if len(past) < ENOUGH:
        return None
    middle = median(past)
    spread = median([abs(each - middle) for each in past])
    limit = max(FAR * spread, SHARE * abs(middle))
    # Where all the past is 0 there is no measure of what would be much.
    return Jump(value, middle, len(past)) if limit and abs(value - middle) > limit else None


def leap(value: Decimal, past: Sequence[Decimal]) -> Leap | None:
    """The leap over a few past values; None where there is none, or nothing positive to measure it by."""
    largest = max(past, default=Decimal(0))
    return Leap(largest, len(past)) if 0 < largest * MANY < value else None


def leap_sentence(found: Leap, *, decimals: int) -> str:
    largest = display.quantity(found.largest, decimals)
    said = {"periods": found.periods, "largest": largest, "times": MANY}
    return _("超过近%(periods)d期最大值 %(largest)s 的 %(times)d 倍，请核对") % said


def sentence(found: Jump, *, decimals: int, is_increment: bool) -> str:
    """What the person reads; a stock is told by its increment, which is not what was typed."""
    said = {
        "periods": found.periods,
        "value": display.quantity(found.value, decimals),
        "middle": _rounded(found.middle, decimals),
        "distance": _distance(found, decimals),
    }
    if is_increment:
        return _("本期比上次核定增加 %(value)s，比近%(periods)d期增量的中位数 %(middle)s %(distance)s，请核对") % said
    return _("比近%(periods)d期中位数 %(middle)s %(distance)s，请核对") % said


def _rounded(amount: Decimal, decimals: int) -> str:
    """A median lies between two values, and so has digits that nobody typed."""
    return display.quantity(amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), decimals)


def _distance(found: Jump, decimals: int) -> str:
    """高 8.3 倍, 高 80.00%, 低 92.00%; a median that is not positive has no multiples."""
    gap = found.value - found.middle
    if found.middle <= 0:
        said = {"gap": _rounded(abs(gap), decimals)}
        return (_("高 %(gap)s") if gap > 0 else _("低 %(gap)s")) % said
    if gap >= found.middle:
        times = (gap / found.middle).quantize(TENTH, ROUND_HALF_UP)
        return _("高 %(times)s 倍") % {"times": f"{times:,}"}
    share = display.percent(display.rate(abs(gap), found.middle))
    return (_("高 %(share)s") if gap > 0 else _("低 %(share)s")) % {"share": share}
