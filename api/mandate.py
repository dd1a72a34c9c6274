"""What names a SEPA mandate (*Lastschriftmandat*), the same on the contract and with every debit."""

from __future__ import annotations


def mandate_reference(cart_id: str) -> str:
    """Return the reference (*Mandatsreferenz*) of the mandate that was given with the order of *cart_id*.

    Unique for a creditor, at most 35 characters of the SEPA set (EPC AT-01); the cart ID without its hyphens is both.
    """
    return cart_id.replace("-", "")
