"""What an invoice run did: how many, how much, by tariff, VAT rate and month; what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from api.billing.draft import Draft


class Sum(msgspec.Struct, frozen=True):
    """Net cents of the entries of one tariff and VAT rate whose service begins in one month."""

    tariff: str
    tax_percent: int
    month: str
    net_cents: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """A report, for people and machines. Credit notes count negatively."""

    invoices: int
    credit_notes: int
    entries: int
    net_cents: int
    tax_cents: int
    gross_cents: int
    first_number: str | None
    last_number: str | None
    sums: list[Sum]
    #: Customer's number → what kept us from billing.
    failed: dict[int, str]


class Report:
    """A report while it grows: as large as there are tariffs, rates and months, however many customers."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._nets: Counter[tuple[str, int, str]] = Counter()
        self._numbers: list[str] = []
        self.failed: dict[int, str] = {}

    def add(self, drafts: Iterable[Draft], numbers: list[str]) -> None:
        """Take in what became of *drafts*."""
        self._numbers = [*self._numbers[:1], *numbers[:1], *(numbers or self._numbers)[-1:]]
        for draft in drafts:
            net = sum(draft.nets)
            self._count.update({draft.kind: 1, "entries": len(draft.entries), "net": net, "gross": draft.gross})
            for entry, part in zip(draft.entries, draft.nets, strict=True):
                month = f"{entry['period_start']:%Y-%m}"
                self._nets[entry["order.tariff"], entry["tax_percent"], month] += part

    def totals(self) -> Totals:
        """Return it."""
        count = self._count
        return Totals(
            invoices=count["invoice"],
            credit_notes=count["credit_note"],
            entries=count["entries"],
            net_cents=count["net"],
            tax_cents=count["gross"] - count["net"],
            gross_cents=count["gross"],
            first_number=self._numbers[0] if self._numbers else None,
            last_number=self._numbers[-1] if self._numbers else None,
            sums=[Sum(*key, cents) for key, cents in sorted(self._nets.items())],
            failed=self.failed,
        )
