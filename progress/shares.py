"""Sharing an amount out by weights so that the shares add up to it exactly (最大余数法)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def largest_remainder(total: Decimal, weights: Sequence[Decimal | int], quantum: Decimal = CENT) -> list[Decimal]:
    """The total in shares proportional to the weights, each a multiple of `quantum`, their sum exactly the total.

    What is left over after rounding down goes, a quantum each, to those who lost most by it; of equals to the first.
    Raises ValueError for a total that is no multiple of the quantum, for negative ones, and where no weight is above 0.
    """
    quanta = Fraction(total) / Fraction(quantum)
    whole = sum((Fraction(weight) for weight in weights), Fraction(0))
    if total < 0 or quanta.denominator != 1 or whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError
    exact = [quanta * Fraction(weight) / whole for weight in weights]
    shares = [share.numerator // share.denominator for share in exact]
    by_loss = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in by_loss[: quanta.numerator - sum(shares)]:
        shares[place] += 1
    return [share * quantum for share in shares]
