"""What is to be told to people and has not been yet, and what was."""

from __future__ import annotations

from piccolo.columns import JSON, ForeignKey, Integer, OnDelete, Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import Journal, Order


class Outbox(Table, db=DB):
    """A mail or short message, written in the transaction of what it tells; sent afterwards, at least once."""

    id: Serial
    order = ForeignKey(Order, on_delete=OnDelete.restrict, null=True, default=None)
    #: The journal row that it tells of; unique with the kind, so that a change is told once.
    journal = ForeignKey(Journal, on_delete=OnDelete.restrict, null=True, default=None)
    #: "mail" or "sms".
    channel = Varchar(8)
    #: Template: order_received, contract_accepted, account_ready, account_delayed, sms_code, …
    kind = Varchar(32)
    recipient = Text()
    language = Varchar(2)
    #: Stable over retries: the receiver can tell a repetition.
    message_id = Varchar(120)
    #: What the template needs beyond the order; never a secret.
    context = JSON(default="{}")
    state = Varchar(10)
    tries = Integer(default=0)
    not_before = Timestamptz(default=None)
    created_at = Timestamptz(default=None)
    sent_at = Timestamptz(null=True, default=None)
    problem = Text(null=True, default=None)
