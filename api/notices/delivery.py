"""The outbox's way out: claim what is due, send it, write down how it went. At least once, never before its commit."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from api.allowances import take, today
from api.customers import links
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, MailEvent
from api.notices import facts, letter, mail, outbox, sms
from api.notices.facts import Sources
from api.piccolo_conf import DB

BATCH = 40
AT_ONCE = 4
HELD_FOR = timedelta(seconds=mail.WITHIN_S + 15)
"""How long a claimed row is left to its worker; whoever was killed loses it then."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 900.0
GIVE_UP_AFTER = timedelta(days=5)
CODE_LIVES = timedelta(minutes=10)
WORTHLESS_AFTER = MappingProxyType({"further_order": links.VALID_FOR})
"""Kind of mail → how long what is in it can be used: nobody is sent what is worth nothing any more."""
NO_MORE_TODAY = "today's messages are used up, and a further try may cost another one"

FOREVER = timedelta.max

log = logging.getLogger("ankunft.notices")


async def deliver_due(equipment: Equipment, sources: Sources, channel: str) -> int:
    """Send what is due by *channel*, a few at once; return how many rows were tried.

    What is due to one reader about one order is sent in turn, so that no state is told before the one that led to it:
    where one has to wait, those after it wait as well.
    """
    rows = await outbox.due(channel, BATCH)
    gate = asyncio.Semaphore(AT_ONCE)
    in_turn: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        in_turn.setdefault((row["order"] or f"row {row['id']}", row["recipient"]), []).append(row)

    async def send(turn: Sequence[dict[str, Any]]) -> None:
        async with gate:
            for row in turn:
                claimed = await outbox.claim(row, HELD_FOR)
                if claimed is None or not await _deliver(equipment, claimed, sources):
                    return

    results = await asyncio.gather(*(send(turn) for turn in in_turn.values()), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return len(rows)


async def _deliver(equipment: Equipment, row: dict[str, Any], sources: Sources) -> bool:
    """Send one claimed row; return whether that is done with. One that cannot be sent keeps no other reader waiting."""
    try:
        if row["channel"] == "sms":
            await _send_sms(equipment, row)
        else:
            await _send_mail(equipment, row, sources)
    except (mail.RefusedError, letter.LetterError, LookupError, ValueError) as error:
        problem = str(error) if isinstance(error, mail.RefusedError | letter.LetterError) else type(error).__name__
        log.error("%s %s is parked: %s", row["channel"], row["id"], problem)  # noqa: TRY400 (its text may hold personal data)
        return await _settle(row, MailEvent.REFUSED, problem=problem)
    except mail.NotNowError as error:
        return await _put_off(row, str(error))
    except Exception as error:  # noqa: BLE001 (one bad row must not keep the others waiting)
        log.error("%s %s could not be sent: %s", row["channel"], row["id"], type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
        return await _put_off(row, type(error).__name__)
    return await _settle(row, MailEvent.DELIVERED)


async def _put_off(row: Mapping[str, Any], problem: str) -> bool:
    """Have *row* tried again after a pause, or parked once it has been tried for days; return whether it is parked."""
    if await _is_given_up(row):
        return await _settle(row, MailEvent.REFUSED, problem=f"given up: {problem}")
    await _settle(row, MailEvent.DEFERRED, problem=problem, wait=_pause(row["tries"]))
    return False


async def _is_given_up(row: Mapping[str, Any]) -> bool:
    """Return whether *row* was tried long enough, since it was written or a person had it tried again."""
    if row["channel"] == "sms":
        return bool(row["tries"] >= sms.MOST_TRIES)
    long_ago = datetime.now(UTC) - GIVE_UP_AFTER
    return bool(row["created_at"] < long_ago) and not await outbox.is_retried_since(row, long_ago)


async def _send_mail(equipment: Equipment, row: Mapping[str, Any], sources: Sources) -> None:
    if datetime.now(UTC) - row["created_at"] > WORTHLESS_AFTER.get(row["kind"], FOREVER):
        raise mail.RefusedError("what is in it is worth nothing any more")
    settings = equipment.settings
    said = await facts.of_order(equipment, row, sources.page)
    written = letter.write(settings.templates.folder, row["kind"], row["language"], said)
    recipient = settings.mail.staff if row["recipient"] == outbox.STAFF else row["recipient"]
    carried = await facts.attachments(equipment, row, sources)
    await mail.send(mail.message(written, row, settings.mail, recipient, carried), settings.mail)


async def _send_sms(equipment: Equipment, row: Mapping[str, Any]) -> None:
    if datetime.now(UTC) - row["created_at"] > CODE_LIVES or await outbox.is_superseded(row):
        raise mail.RefusedError("the code in it is worth nothing any more")
    settings = equipment.settings
    if row["tries"] > 1 and not await _may_cost_another(settings.sms.daily_budget):
        raise mail.RefusedError(NO_MORE_TODAY)
    said = facts.of_code(equipment, row, await facts.cart_of(row))
    text = letter.short_text(settings.templates.folder, row["kind"], row["language"], said)
    await sms.send(text, row["recipient"], settings.sms.url)


async def _may_cost_another(daily_budget: int) -> bool:
    """Take a message of today's for a further try; the last one is left to a new code, with which staff are told."""
    return await take(sms.BUDGET, today(datetime.now(UTC)), daily_budget - 1) is not None


async def _settle(
    row: Mapping[str, Any], event: MailEvent, *, problem: str | None = None, wait: timedelta = timedelta(0)
) -> bool:
    """Write down how it went; return False if another worker has the row by now."""
    try:
        async with DB.transaction():
            await outbox.move(row, event, problem=problem, wait=wait)
    except IllegalMoveError:
        log.warning("%s %s was taken by another worker meanwhile", row["channel"], row["id"])
        return False
    return True


def _pause(tries: int) -> timedelta:
    """Return how long to wait after so many *tries*: doubling, capped, with jitter."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(tries - 1, 12))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)
