"""The one converter of areas: 1 亩 = 2000/3 m², 15 亩 = 1 hectare, both by definition."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

SQUARE_METRES_IN_MU = Fraction(2000, 3)
MU_IN_HECTARE = 15
#: Digits after the point that an area in 亩 is kept with.
QUANTUM = Decimal("0.0001")


def mu_of_m2(area: Decimal) -> Decimal:
    """Square metres in 亩: 47,265,140 → 70,897.71."""
    return _decimal(Fraction(area) / SQUARE_METRES_IN_MU)


def m2_of_mu(area: Decimal) -> Decimal:
    """亩 in square metres: 70,897.71 → 47,265,140."""
    return _decimal(Fraction(area) * SQUARE_METRES_IN_MU)


def ha_of_mu(area: Decimal) -> Decimal:
    """亩 in hectares: 70,897.71 → 4,726.514."""
    return _decimal(Fraction(area) / MU_IN_HECTARE)


def mu_of_ha(area: Decimal) -> Decimal:
    """Hectares in 亩."""
    return _decimal(Fraction(area) * MU_IN_HECTARE)


def _decimal(exact: Fraction) -> Decimal:
    """Rounded once, at the end."""
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(QUANTUM, ROUND_HALF_UP)
