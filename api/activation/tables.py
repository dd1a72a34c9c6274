"""What is remembered of codes sent by SMS: how often, never the code; and of reminders."""

from __future__ import annotations

from piccolo.columns import Boolean, ForeignKey, Integer, OnDelete, Serial, Timestamptz
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import Journal, Order


class SmsActivation(Table, db=DB, tablename="sms_activation"):
    """The codes of one order, all together: five tries, whatever is sent again."""

    id: Serial
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    #: Which code is valid: the code is HMAC(master key, order, generation), so no table holds it.
    generation = Integer(default=0)
    #: Tries left for the order, over all codes; taken by a guarded update before a code is compared.
    tries_left = Integer(default=5)
    sent_at = Timestamptz(null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)
    used_at = Timestamptz(null=True, default=None)
    #: When the customer corrected the number; that goes once.
    corrected_at = Timestamptz(null=True, default=None)
    #: A code is to be sent to the corrected number as soon as the new check offers it.
    is_wanted = Boolean(default=False)


class Reminder(Table, db=DB):
    """A reminder that an offer lapses, given once."""

    id: Serial
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    #: The journal row that made the offer: one that is made again is reminded of again.
    offer = ForeignKey(Journal, on_delete=OnDelete.restrict)
    days_before = Integer()
