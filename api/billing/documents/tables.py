"""The archive of documents: written once, never changed, each row bound to the one before it."""

from __future__ import annotations

from piccolo.columns import BigInt, Bytea, ForeignKey, OnDelete, Serial, Timestamptz, Varchar
from piccolo.table import Table

from api.billing.tables import Invoice
from api.piccolo_conf import DB
from api.tables import Customer


class InvoiceDocument(Table, db=DB, tablename="invoice_document"):
    """The documents of an invoice or credit note, as they went out."""

    id: Serial
    invoice = ForeignKey(Invoice, on_delete=OnDelete.restrict)
    #: Place in the archive: 1, 2, 3, … without a gap.
    place = BigInt()
    #: PDF/A-3 with the XML inside.
    pdf = Bytea()
    #: EN 16931 (CII), or XRechnung for a public body.
    xml = Bytea()
    #: SHA-256, hexadecimal.
    pdf_digest = Varchar(64)
    xml_digest = Varchar(64)
    #: SHA-256 over the former row's seal, the place, the number and the digests: nothing is exchanged unseen.
    seal = Varchar(64)
    archived_at = Timestamptz(default=None)


class BuyerReference(Table, db=DB, tablename="buyer_reference"):
    """The Leitweg-ID of a public body: with it, invoices are XRechnungen."""

    customer = ForeignKey(Customer, on_delete=OnDelete.restrict, primary_key=True)
    reference = Varchar(46)
    set_at = Timestamptz(default=None)
