"""Rules that staff want to hear of at once: one mail a day for each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from api import journal
from api.allowances import take, today
from api.intake.risk.verdict import Hit
from api.notices import outbox

RULE_FITTED = "RULE_FITTED"


async def tell(order_id: int, hits: Iterable[Hit]) -> None:
    """Tell staff of rules that ask for an alarm and fit order *order_id*, in the caller's transaction."""
    day = today(datetime.now(UTC))
    for hit in sorted(hits, key=lambda hit: hit.rule):
        if hit.alarm and await take(f"alarm risk {hit.rule}", day, 1):
            row = await journal.write(
                subject="order", subject_id=order_id, order=order_id, event=RULE_FITTED, actor=journal.SYSTEM,
                facts={"rule": hit.rule},
            )  # fmt: skip
            said = {"what": "risk_rule", "risk_rule": hit.rule, "risk_text": hit.text.en}
            await outbox.tell("staff_alarm", order_id, row, said)
