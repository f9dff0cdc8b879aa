"""The one formatter: how quantities and rates are computed for show, alike on page, file and API."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

#: What stands where the source says nothing.
BLANK = "—"


def quantity(value: Decimal | None, decimals: int) -> str:
    """70897.71 → 70,897.71; more digits than `decimals` are shown, never rounded away; None → —."""
    if value is None:
        return BLANK
    value = value.normalize()
    exponent = value.as_tuple().exponent
    shown = max(decimals, -exponent if isinstance(exponent, int) else 0)
    return f"{value:,.{shown}f}"


def rate(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """part ÷ whole in percent, rounded half up to 0.01; None where either is unknown or the whole is 0."""
    if part is None or not whole:
        return None
    return (part / whole * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def percent(value: Decimal | None) -> str:
    """0.25 → 0.25%; over 100 is shown as it is; None → —."""
    return BLANK if value is None else f"{value:,.2f}%"
