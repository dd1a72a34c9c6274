"""The section of the settings that says which account of the books takes what."""

from __future__ import annotations

import msgspec

from api.sections import Section


class Bookkeeping(Section, frozen=True):
    """Which account of the books takes what; the tax adviser knows.

    Of SKR 03 with five digits, so that a customer's six-digit number is the customer's own account.
    """

    #: Category of VAT, with the rate where there is one → account of revenue.
    revenue: dict[str, str] = msgspec.field(
        default_factory=lambda: {"S19": "84000", "S7": "83000", "AE": "83360", "O": "83380", "E": "81950"}
    )
    bank: str = "12000"
    #: Between an invoice and the credit note that takes it back.
    set_off: str = "13700"
    write_off: str = "24000"
