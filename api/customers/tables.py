"""What is kept of customers beyond their data: links for a further order, signs of sameness, decisions about it."""

from __future__ import annotations

from piccolo.columns import JSON, ForeignKey, OnDelete, Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import Customer, Order


class LinkRequest(Table, db=DB, tablename="link_request"):
    """Somebody asked for a link; looked at in the background, so that the answer takes as long for everybody."""

    id: Serial
    #: The customer number or mail address that was typed, sealed; the row goes when it was looked at.
    asked_sealed = Text()
    created_at = Timestamptz(default=None)


class FurtherOrderLink(Table, db=DB, tablename="further_order_link"):
    """A link that was mailed to a customer and lets one further order in."""

    id: Serial
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict)
    #: SHA-256 of the token; the token is HMAC(master key, id), so that no table holds it.
    digest = Varchar(64)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    used_at = Timestamptz(null=True, default=None)
    #: The order that it let in.
    order = ForeignKey(Order, on_delete=OnDelete.restrict, null=True, default=None)


class Trait(Table, db=DB):
    """A sign by which a customer is recognised, as an HMAC: equal digests are equal signs, and say nothing else."""

    id: Serial
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict)
    #: "mail", "phone", "address", or "place", the neighbourhood in which names are compared.
    kind = Varchar(16)
    digest = Varchar(64)


class Duplicate(Table, db=DB):
    """Two customers who may be one, suggested once; what to do is a person's decision."""

    id: Serial
    #: The one who was filed first.
    earlier = ForeignKey(Customer, on_delete=OnDelete.restrict)
    later = ForeignKey(Customer, on_delete=OnDelete.restrict)
    #: Why: a list out of "mail", "phone", "address", "name".
    reasons = JSON(default="[]")
    found_at = Timestamptz(default=None)
    #: "merged" or "distinct"; NULL as long as nobody decided.
    decision = Varchar(10, null=True, default=None)
    decided_by = Varchar(80, null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)


class Merger(Table, db=DB):
    """A customer number that was given up for another: the row stays, so that both numbers stay accounted for."""

    id: Serial
    given_up = ForeignKey(Customer, on_delete=OnDelete.restrict)
    kept = ForeignKey(Customer, on_delete=OnDelete.restrict)
    at = Timestamptz(default=None)
    actor = Varchar(80)
