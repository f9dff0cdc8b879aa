"""The one formatter: how quantities and rates are computed for show, alike on page, file and API."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext

#: What stands where the source says nothing.
BLANK = "—"


def quantity(value: Decimal | None, decimals: int) -> str:
    """70897.71 → 70,897.71; more digits than `decimals` are shown, never rounded away; None → —."""
    return BLANK if value is None else f"{exact(value, decimals):,f}"


def exact(value: Decimal, decimals: int) -> Decimal:
    """The value with `decimals` digits after the point, or with as many more as it has."""
    return value.quantize(Decimal(1).scaleb(-digits(value, decimals)))


def digits(value: Decimal, decimals: int) -> int:
    """How many digits stand after its point: `decimals`, or as many as it has."""
    exponent = value.normalize().as_tuple().exponent
    return max(decimals, -exponent if isinstance(exponent, int) else 0)


def rate(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """part ÷ whole in percent, rounded half up to 0.01; None where either is unknown or the whole is 0."""
    if part is None or not whole:
        return None
    return (part / whole * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def quotient(amount: Decimal, of: Decimal, decimals: int) -> Decimal | None:
    """amount ÷ of, exact until it is rounded half up to so many digits; None where there is nothing to divide by."""
    return (amount / of).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) if of else None


def percent(value: Decimal | None) -> str:
    """0.25 → 0.25%; over 100 is shown as it is; None → —."""
    return BLANK if value is None else f"{value:,.2f}%"


def completion(rate: Decimal | None, task: Decimal) -> str:
    """How far a task is done: 0.25%; 无任务 where there is nothing to do."""
    return percent(rate) if task else gettext("无任务")


def change(value: Decimal | None) -> str:
    """A difference, with its sign: 12.5 → +12.50; None → —."""
    return BLANK if value is None else f"{value:+,.2f}"
