"""What codes by SMS may cost: so many a day to one number, from one neighbourhood of the network, and in all.

The breaker: when a day's messages are used up, nobody gets another one until the next day (UTC), and the contract is
still on offer. One neighbourhood has a share only, so that false orders from one place leave the rest to others. Staff
are told once a day of each.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api import journal
from api.allowances import TooSoonError, neighbourhood, take, today, until_tomorrow_s
from api.equipment import Equipment
from api.notices import outbox
from api.settings import Sms

ALL = "sms"
BUDGET_USED_UP, SHARE_USED_UP = "BUDGET_USED_UP", "SHARE_USED_UP"


async def spend(equipment: Equipment, order: dict[str, Any], number: str, now: datetime) -> None:
    """Spend one message of today's for *order*, to the *number* (a digest). In the caller's transaction.

    Raises:
        TooSoonError: the number, the neighbourhood or all together have had enough for today.
    """
    sms, day = equipment.settings.sms, today(now)
    place = equipment.seal.derive("sms neighbourhood", neighbourhood(order["client_ip"]))[:16].hex()
    limits = ((f"sms to {number}", sms.per_number_daily), (f"sms from {place}", share(sms)), (ALL, sms.daily_budget))
    for scope, most in limits:
        taken = await take(scope, day, most)
        if taken is None:
            message = "no more codes can be sent today; the signed contract opens the account too"
            raise TooSoonError(message, until_tomorrow_s(now))
        if taken == most:
            await _tell_staff(scope, day, order["id"], most)


def share(sms: Sms) -> int:
    """Return how many messages a day one neighbourhood may have: never less than a single number."""
    return max(sms.per_number_daily, sms.daily_budget * sms.share_percent // 100)


async def _tell_staff(scope: str, day: str, order_id: int, most: int) -> None:
    """Alarm staff when the last message of a scope goes out; of neighbourhoods only the first one of the day."""
    if scope == ALL:
        event, said = BUDGET_USED_UP, {"what": "sms_budget", "messages": most}
    elif scope.startswith("sms from ") and await take("alarm sms_share", day, 1):
        event, said = SHARE_USED_UP, {"what": "sms_share", "messages": most}
    else:
        return
    row = await journal.write(
        subject="sms", subject_id=scope, order=order_id, event=event, actor=journal.SYSTEM, facts={"messages": most}
    )
    await outbox.tell("staff_alarm", order_id, row, said)
