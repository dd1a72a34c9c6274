"""Mails to customers that could not be sent: staff are told once a day, of all of them together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from api import journal
from api.allowances import take, today
from api.lifecycle import MailState
from api.notices import outbox
from api.notices.tables import Outbox
from api.piccolo_conf import DB

NAMED = 20
MAILS_PARKED = "MAILS_PARKED"


async def tell_parked(now: datetime) -> int:
    """Tell staff of the mails to customers that were parked within a day; return how many there are."""
    parked = await _parked(now - timedelta(days=1))
    if not parked:
        return 0
    async with DB.transaction():
        if await take("alarm mails_parked", today(now), 1):
            oldest, carts = parked[0]["order"], [row["cart_id"] for row in parked]
            row = await journal.write(
                subject="mail", subject_id=parked[0]["id"], order=oldest, event=MAILS_PARKED, actor=journal.SYSTEM,
                facts={"waiting": len(parked)},
            )  # fmt: skip
            said = {"what": "mails_parked", "waiting": len(parked), "carts": sorted(set(carts))[:NAMED]}
            await outbox.tell("staff_alarm", oldest, row, said)
    return len(parked)


async def _parked(since: datetime) -> list[dict[str, Any]]:
    """Return the mails to customers that were parked after *since*, the oldest first."""
    mails = (Outbox.state == MailState.PARKED.value) & (Outbox.channel == "mail") & (Outbox.recipient != outbox.STAFF)
    columns = (Outbox.id, Outbox.order, Outbox.order.cart_id.as_alias("cart_id"))
    return list(await Outbox.select(*columns).where(mails, Outbox.not_before > since).order_by(Outbox.id))
