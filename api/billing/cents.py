"""Cents: rounding by EN 16931, and how gross prices become net amounts that add up.

The catalogue's prices are gross, as consumers are told them; an invoice reckons from net. Not every gross amount can be
reached from a net one (7.99 € at 19 % cannot: 6.71 gives 7.98, 6.72 gives 8.00). Then the customer pays the cent less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

WHOLE: Final = 100


def half_up(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to an integer, halves away from zero."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    numerator, denominator = abs(numerator), abs(denominator)
    return sign * ((2 * numerator + denominator) // (2 * denominator))


def tax(basis: int, percent: int) -> int:
    """Return the VAT on a group's *basis* (BR-CO-17)."""
    return half_up(basis * percent, WHOLE)


def net(gross: int, included: int, charged: int) -> int:
    """Return the net amount of a *gross* one that has *included* percent of VAT in it.

    Where that VAT is *charged* too, net and VAT together never exceed the gross amount: they reach it, or stay a cent
    below. Where another is charged (none: reverse charge, third countries), net is the nearest cent.
    """
    if gross < 0:
        return -net(-gross, included, charged)
    if included != charged:
        return half_up(gross * WHOLE, WHOLE + included)
    floor = gross * WHOLE // (WHOLE + included)
    above = floor + 1
    return above if above + tax(above, charged) <= gross else floor


def apportion(amounts: Sequence[int], included: int, charged: int) -> list[int]:
    """Return the net amount of each of the gross *amounts*; together they are the net amount of their sum.

    Each is its exact value rounded down or up: up where the rest is largest, the earlier first.
    """
    whole = sum(amounts)
    if whole < 0:
        return [-part for part in apportion([-amount for amount in amounts], included, charged)]
    parts = [divmod(amount * WHOLE, WHOLE + included) for amount in amounts]
    nets = [quotient for quotient, _ in parts]
    missing = net(whole, included, charged) - sum(nets)
    for at in sorted(range(len(parts)), key=lambda at: -parts[at][1])[:missing]:
        nets[at] += 1
    return nets
