"""The records of billing: filed tariffs, services, the ledger of service entries, invoices.

Days are the hoster's, periods go up to a day and without it. The ledger, the tariffs and the invoices are never
changed: triggers hold that. What is still to be done stands in small tables beside them, whose rows go when it is done.
"""

from __future__ import annotations

from typing import Any

from piccolo.columns import (
    JSON,
    BigInt,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Serial,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import Customer, Order


class TariffVersion(Table, db=DB, tablename="tariff_version"):
    """A tariff as it was on sale; contracts keep theirs whatever the catalogue says later."""

    id: Serial
    tariff = Varchar(32)
    version = Integer()
    #: The whole tariff, add-ons included, as canonical JSON.
    content = Text()
    filed_at = Timestamptz(default=None)


class Service(Table, db=DB):
    """An internal add-on that a contract has: what entries are written for, period after period."""

    id: Serial
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict)
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    #: The add-on's key in the tariff.
    addon = Varchar(32)
    #: Which domain (A-label); empty for what an order has once.
    item = Varchar(253, default="")
    tariff = ForeignKey(TariffVersion, on_delete=OnDelete.restrict)
    #: The add-on's name by language.
    name = JSON(default="{}")
    #: Gross, a unit, for good.
    price_cents = BigInt()
    #: The VAT in it.
    vat_percent = SmallInt()
    #: Months that are billed ahead; 0 for what is done once.
    interval_months = SmallInt()
    begins_on = Date(default=None)
    #: The first day without it; NULL until somebody ends it.
    ends_on = Date(null=True, default=None)
    #: How many periods have their entry.
    periods = Integer(default=0)
    #: Where the next period begins; NULL when none comes.
    next_on = Date(null=True, default=None)


class ServiceEntry(Table, db=DB, tablename="service_entry"):
    """A line of the ledger (*Leistungseintrag*): a service, a period, an amount. Reversals correct it, nothing else."""

    id: Serial
    service = ForeignKey(Service, on_delete=OnDelete.restrict)
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict)
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    addon = Varchar(32)
    item = Varchar(253, default="")
    period_start = Date(default=None)
    #: The first day that is not in it.
    period_end = Date(default=None)
    #: In ten-thousandths of the unit; negative in a reversal.
    quantity_e4 = BigInt()
    #: UN/ECE Recommendation 20.
    unit_code = Varchar(3)
    #: As promised, the list's VAT included; negative in a reversal.
    gross_cents = BigInt()
    #: The VAT in gross_cents.
    included_percent = SmallInt()
    #: How it is taxed, decided when the entry was written (EN 16931: S, AE, O, E).
    tax_category = Varchar(2)
    tax_percent = SmallInt()
    #: The entry that this one takes back, whole or from period_start on.
    reverses: ForeignKey[Any] = ForeignKey("self", on_delete=OnDelete.restrict, null=True, default=None)
    #: 0, and more for each time the period was charged anew after a cancelled invoice; NULL in a reversal.
    revision = SmallInt(null=True, default=0)
    written_at = Timestamptz(default=None)


class OpenEntry(Table, db=DB, tablename="open_entry"):
    """An entry that no invoice has yet; gone in the transaction that puts it on one."""

    entry = ForeignKey(ServiceEntry, on_delete=OnDelete.restrict, primary_key=True)
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict)
    #: From this day on it may be billed.
    due_on = Date(default=None)


class Invoice(Table, db=DB):
    """An invoice (*Rechnung*) or a credit note (*Gutschrift*), as it was issued."""

    id: Serial
    kind = Varchar(16)
    #: From the counter; invoices and credit notes share it.
    serial = BigInt()
    #: What stands on it: the serial behind a letter.
    number = Varchar(20)
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict)
    issued_on = Date(default=None)
    due_on = Date(default=None)
    #: Never negative.
    net_cents = BigInt()
    tax_cents = BigInt()
    gross_cents = BigInt()
    #: The invoice that a credit note takes back as a whole.
    corrects: ForeignKey[Any] = ForeignKey("self", on_delete=OnDelete.restrict, null=True, default=None)
    #: `api.billing.statement.Statement` as JSON: what documents are made from.
    statement = Text()
    created_at = Timestamptz(default=None)


class InvoiceLine(Table, db=DB, tablename="invoice_line"):
    """Which entry stands where; an entry stands on one invoice."""

    id: Serial
    invoice = ForeignKey(Invoice, on_delete=OnDelete.restrict)
    position = Integer()
    entry = ForeignKey(ServiceEntry, on_delete=OnDelete.restrict)
    #: Signed as the entry is, whatever the kind of the invoice.
    net_cents = BigInt()


class Unissued(Table, db=DB):
    """An invoice whose document is still to be made, or is held back; gone when it is archived and mailed."""

    invoice = ForeignKey(Invoice, on_delete=OnDelete.restrict, primary_key=True)
    #: What the validation found; a list of texts. Empty = not tried yet.
    findings = JSON(default="[]")
