"""What a domain's order leaves behind: trades with registries, their messages, who talks to them, zones."""

from __future__ import annotations

from piccolo.columns import JSON, ForeignKey, Integer, OnDelete, Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import OrderDomain


class DomainTrade(Table, db=DB, tablename="domain_trade"):
    """The intent to order a domain, stored before anything is sent, and what became of it."""

    id: Serial
    domain = ForeignKey(OrderDomain, on_delete=OnDelete.restrict)
    #: The domain while the trade is open, else NULL: unique, so that a domain has one open trade.
    open_domain = Integer(null=True, default=None)
    #: Our clTRID, unique; every repeat of the trade uses it.
    transaction_id = Varchar(64)
    #: Set before the paid command leaves, taken back when it certainly did not: set = look before sending again.
    sent_at = Timestamptz(null=True, default=None)
    #: Answers that were lost, in a row.
    lost = Integer(default=0)
    #: How often in a row the registry, though it was there, could not be asked about this one domain.
    failures = Integer(default=0)
    #: When the registry is asked next what became of it.
    look_at = Timestamptz(null=True, default=None)
    #: The registry's name for it (svTRID).
    reference = Varchar(64, null=True, default=None)
    #: DONE, REFUSED, POSTPONED, UNCLEAR or VOUCHED once it is closed.
    outcome = Varchar(16, null=True, default=None)
    #: `api.domains.registrar.Reason` of a refusal.
    reason = Varchar(24, null=True, default=None)
    #: The registry's words, for staff; no auth code in it.
    words = Text(default="")
    registry_id = Varchar(96, null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=None)
    closed_at = Timestamptz(null=True, default=None)


class RegistryLease(Table, db=DB, tablename="registry_lease"):
    """Which worker talks to a registry, and how that goes; one row per registry."""

    registry = Varchar(32, primary_key=True)
    holder = Varchar(64)
    held_until = Timestamptz(default=None)
    #: When its queue was last seen empty, at first when we began to read it: older than allowed = an alarm.
    drained_at = Timestamptz(null=True, default=None)
    #: When staff were last told of the lag, of the balance.
    lag_told_at = Timestamptz(null=True, default=None)
    balance_told_at = Timestamptz(null=True, default=None)


class RegistryMessage(Table, db=DB, tablename="registry_message"):
    """A message out of a registry's queue, kept before it is acknowledged; redacted."""

    id: Serial
    registry = Varchar(32)
    #: The registry's id; unique with the registry, so that a message that comes again changes nothing again.
    message_id = Varchar(64)
    #: `api.domains.registrar.News`.
    kind = Varchar(16)
    #: A-label that it names.
    name = Varchar(253, null=True, default=None)
    #: The domain that it moved; NULL where it moved none.
    domain = ForeignKey(OrderDomain, on_delete=OnDelete.restrict, null=True, default=None)
    #: APPLIED, NOTED (nothing to do) or UNCLEAR (for staff).
    result = Varchar(8)
    words = Text(default="")
    queued_at = Timestamptz(default=None)
    taken_at = Timestamptz(default=None)


class Zone(Table, db=DB, tablename="zone"):
    """A zone that we keep in the name servers."""

    id: Serial
    #: A-label of the domain; unique.
    name = Varchar(253)
    domain = ForeignKey(OrderDomain, on_delete=OnDelete.restrict)
    #: SHA-256 of the content that the name servers took last; NULL = to be written.
    digest = Varchar(64, null=True, default=None)
    #: DS records as the name servers say them.
    ds = JSON(default="[]")
    #: SHA-256 of name servers and DS as the registry took them last.
    delegated = Varchar(64, null=True, default=None)
    #: When that is to be handed over; NULL = nothing to hand over.
    delegate_at = Timestamptz(null=True, default=None)
    #: When it is looked at next; each failure puts it off.
    look_at = Timestamptz(default=None)
    failures = Integer(default=0)
    problem = Varchar(200, null=True, default=None)
    changed_at = Timestamptz(default=None)
