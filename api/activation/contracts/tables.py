"""Contracts as they were offered, and what came back on paper."""

from __future__ import annotations

from typing import Any

from piccolo.columns import JSON, Bytea, ForeignKey, Integer, OnDelete, Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import Order


class Contract(Table, db=DB):
    """What an order's contract (*Vertrag*) says of the tariff: kept from the first copy on, so that all agree."""

    id: Serial
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    #: Name, limits and price as they were; the price is null where the tariff had changed before the first copy.
    tariff = JSON(default="{}")
    made_at = Timestamptz(default=None)


class Original(Table, db=DB, tablename="returned_original"):
    """A file as it came in (*Vertragsrücksendung*); the same bytes are kept once."""

    id: Serial
    #: SHA-256 of the bytes, hexadecimal; unique.
    digest = Varchar(64)
    size = Integer()
    #: Sealed with the master key: a copy of the database shows no signature. Gone when the rule for keeping says so.
    content = Bytea(null=True, default=None)
    received_at = Timestamptz(default=None)


class Returned(Table, db=DB, tablename="returned_document"):
    """A document that came back, or a note that something came which is none."""

    id: Serial
    #: NULL for a mere note.
    original = ForeignKey(Original, on_delete=OnDelete.restrict, null=True, default=None)
    #: Which pages of the original, from 0; a stack that was scanned at once is divided.
    pages = JSON(default="[]")
    state = Varchar(12)
    #: "email", "fax" or "post".
    channel = Varchar(8)
    #: Where it is filed; for one that waits in the inbox NULL.
    order = ForeignKey(Order, on_delete=OnDelete.restrict, null=True, default=None)
    #: What it may belong to: found on it or in the mail's subject, or named by who handed it in.
    suggested = ForeignKey(Order, on_delete=OnDelete.restrict, null=True, default=None)
    #: Of the mail, or the member of staff who scanned it.
    sender = Text(default="")
    subject = Text(default="")
    name = Text(default="")
    #: Why a person has to look.
    note = Text(default="")
    #: SHA-256 over what is seen on its pages; unique, so that a second copy is known.
    pages_digest = Varchar(64, null=True, default=None)
    #: The first copy.
    same_as: ForeignKey[Any] = ForeignKey("self", null=True, default=None)
    tries = Integer(default=0)
    not_before = Timestamptz(default=None)
    received_at = Timestamptz(default=None)
    decided_at = Timestamptz(null=True, default=None)
    decided_by = Varchar(80, null=True, default=None)
    #: Why it was rejected, in the words the customer reads.
    reason = Text(default="")
