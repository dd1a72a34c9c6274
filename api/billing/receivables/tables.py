"""What customers owe and what became of it. Only the open amount changes; each change is a movement that stays."""

from __future__ import annotations

from piccolo.columns import BigInt, Date, ForeignKey, Integer, OnDelete, Serial, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.billing.tables import Invoice
from api.piccolo_conf import DB
from api.tables import Customer


class Receivable(Table, db=DB):
    """An invoice that went out (*Forderung*), or a credit note: what is still open of it (*offener Posten*)."""

    id: Serial
    invoice = ForeignKey(Invoice, on_delete=OnDelete.restrict)
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict)
    #: "sepa_debit" or "transfer".
    way = Varchar(16)
    due_on = Date(default=None)
    #: What the customer still owes; negative = what we owe. The only thing that movements change.
    open_cents = BigInt()
    #: How often it was in a debit file.
    attempts = SmallInt(default=0)
    #: When a debit came back last; it is not tried again by itself.
    returned_on = Date(null=True, default=None)


class Movement(Table, db=DB):
    """A change of what is open: collected, come back, paid, refunded, set off, written off."""

    id: Serial
    receivable = ForeignKey(Receivable, on_delete=OnDelete.restrict)
    kind = Varchar(16)
    #: Positive = the customer owes less.
    amount_cents = BigInt()
    booked_on = Date(default=None)
    #: The bank's or the hoster's name for it; unique with receivable and kind, so that nothing is booked twice.
    reference = Varchar(64)
    #: Why a debit came back (ISO 20022), else NULL.
    reason = Varchar(4, null=True, default=None)
    actor = Varchar(80)
    at = Timestamptz(default=None)


class DebitRun(Table, db=DB, tablename="debit_run"):
    """A file for the bank."""

    id: Serial
    #: From the counter; stands in the file.
    number = BigInt()
    collect_on = Date(default=None)
    debits = Integer()
    sum_cents = BigInt()
    #: pain.008.001.08, sealed: it names accounts.
    content_sealed = Text()
    #: SHA-256 of the file.
    digest = Varchar(64)
    actor = Varchar(80)
    created_at = Timestamptz(default=None)


class Unwritten(Table, db=DB):
    """A file for the bank that lies in no folder yet; gone in the transaction that writes it."""

    run = ForeignKey(DebitRun, on_delete=OnDelete.restrict, primary_key=True)


class Collection(Table, db=DB):
    """A debit in a file: what is found again when the bank sends it back."""

    id: Serial
    run = ForeignKey(DebitRun, on_delete=OnDelete.restrict)
    receivable = ForeignKey(Receivable, on_delete=OnDelete.restrict)
    #: The invoice's number and which attempt it is.
    end_to_end_id = Varchar(35)
    amount_cents = BigInt()
