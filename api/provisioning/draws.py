"""The draw's journey: offered to a living courier, drawn again here, and pinned for good, or refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agent import placement
from agent.placement import Need
from api import journal
from api.lifecycle import IllegalMoveError, JobEvent
from api.notices import outbox
from api.piccolo_conf import DB
from api.provisioning import fleet, jobs
from api.provisioning.tables import Account, Draw, Job
from api.tables import Journal

ANSWER_WITHIN = timedelta(seconds=10)
"""A courier that does not answer so long is passed over; another one is asked."""

MOST_AT_ONCE = 16


log = logging.getLogger("ankunft.draws")


class DrawRefusedError(Exception):
    """The answer to a draw is late, dishonest, or for another one; the message says which."""


async def offer(host: str, digest: str) -> list[dict[str, Any]]:
    """Return the draws that the courier of *host* is asked for now; none unless it has the approved placement file."""
    now = datetime.now(UTC)
    rows = await Draw.select().where((Draw.state == "OPEN") | _unanswered(now)).limit(10 * MOST_AT_ONCE)
    if not rows:
        return []
    known = await fleet.approved()
    if known is None or known.digest != digest:
        return []
    alive = await fleet.alive(now)
    room = dict(await fleet.room(known))
    tasks: list[dict[str, Any]] = []
    for row in rows:
        if len(tasks) == MOST_AT_ONCE:
            break
        if row["asked_host"] == host and len(alive) > 1 and now - row["asked_at"] < 3 * ANSWER_WITHIN:
            continue  # it was asked last and did not answer well: another one first
        asked = (
            await Draw.update({
                Draw.state: "OFFERED",
                Draw.asked_host: host,
                Draw.asked_at: now,
                Draw.digest: digest,
                Draw.room: json.dumps(room),
                Draw.alive: json.dumps(alive),
            })
            .where(Draw.id == row["id"], (Draw.state == "OPEN") | _unanswered(now))
            .returning(Draw.id)
        )  # fmt: skip
        if asked:
            tasks.append({
                "draw_id": row["id"], "seed": row["seed"], "need": json.loads(row["need"]), "room": room,
                "alive": alive, "digest": digest,
            })  # fmt: skip
    return tasks


async def unanswered(now: datetime) -> int:
    """Return how many draws somebody is to be asked for, up to `MOST_AT_ONCE`."""
    open_ = (Draw.state == "OPEN") | _unanswered(now)
    return len(await Draw.select(Draw.id).where(open_).limit(MOST_AT_ONCE))


async def answer(draw_id: str, host: str, digest: str, drawn: Mapping[str, str] | None) -> bool:
    """Take the answer of *host*; return whether hosts are pinned now. None = the courier finds nobody eligible.

    Raises:
        DrawRefusedError: it was not asked, or the draw repeated here gives another result. Another one is asked.
    """
    row = await Draw.select().where(Draw.id == draw_id).first()
    if row is not None and row["state"] == "PINNED" and row["drawn_by"] == host and _read(row["placement"]) == drawn:
        return True  # the answer was lost on its way back, and comes again
    if row is None or row["state"] != "OFFERED" or row["asked_host"] != host or row["digest"] != digest:
        raise DrawRefusedError("this host is not asked for this draw now")
    repeated = await repeat(row)
    if repeated.placement != (None if drawn is None else dict(drawn)):
        await _refuse(row, host)
        raise DrawRefusedError("the draw repeated here has another result")
    hosts = sorted(set((repeated.placement or {}).values()))
    if len(hosts) != 1:
        await nobody(row)
        return False
    return await _pin(row, hosts[0], host)


async def repeat(row: Mapping[str, Any]) -> placement.Draw:
    """Draw again from what was kept of a draw."""
    hosts = await fleet.placement_of(row["digest"])
    assert hosts is not None
    need = msgspec.json.decode(row["need"], type=Need)
    room: dict[str, int] = json.loads(row["room"])
    return placement.draw(hosts, need, bytes.fromhex(row["seed"]), room, set(json.loads(row["alive"])))


async def nobody(row: Mapping[str, Any]) -> None:
    """Let the job of a draw wait for room; staff are told once."""
    async with DB.transaction():
        open_ = Draw.state.is_in(["OPEN", "OFFERED"])
        if not await Draw.update({Draw.state: "WAITING"}).where(Draw.id == row["id"], open_).returning(Draw.id):
            return
        job = await _first_job(row["account"])
        is_new = not await Journal.exists().where(
            Journal.subject == "job", Journal.subject_id == job["id"], Journal.event == JobEvent.NOBODY_ELIGIBLE.value
        )
        moved = await jobs.move(job, JobEvent.NOBODY_ELIGIBLE, actor=journal.SYSTEM)
        if is_new:
            await outbox.tell("staff_alarm", await _order_of(row["account"]), moved, {"what": "no_room"})


async def look_for_room() -> None:
    """Open the draws that wait for room again, once a host that fits has some; and let those wait that nobody draws."""
    rows = await Draw.select().where(Draw.state.is_in(["WAITING", "OPEN"]))
    if not rows:
        return
    known = await fleet.approved()
    alive = set(await fleet.alive(datetime.now(UTC)))
    room = await fleet.room(known) if known else {}
    for row in rows:
        need = msgspec.json.decode(row["need"], type=Need)
        fits = known is not None and any(
            host.name in alive and room[host.name] > 0 and host.accepts_new_accounts and need.pool in host.pools
            and set(need.services) <= set(host.services)
            for host in known.placement.hosts
        )  # fmt: skip
        try:
            if fits and row["state"] == "WAITING":
                await _open_again(row)
            elif not fits and row["state"] == "OPEN":
                await nobody(row)
        except IllegalMoveError:
            log.warning("the job of draw %s is in another state than its draw", row["id"])


async def _open_again(row: Mapping[str, Any]) -> None:
    async with DB.transaction():
        if (
            await Draw.update({Draw.state: "OPEN"})
            .where(Draw.id == row["id"], Draw.state == "WAITING")
            .returning(Draw.id)
        ):
            await jobs.move(await _first_job(row["account"]), JobEvent.ROOM_FOUND, actor=journal.SYSTEM)


async def _pin(row: Mapping[str, Any], winner: str, drawn_by: str) -> bool:
    """Pin *winner* for good and reserve its place, in one transaction; False if the last place went meanwhile."""
    known = await fleet.approved()
    assert known is not None
    services: Sequence[str] = json.loads(row["need"])["services"]
    async with DB.transaction():
        pinned = (
            await Draw.update({
                Draw.state: "PINNED",
                Draw.placement: json.dumps(dict.fromkeys(services, winner)),
                Draw.drawn_by: drawn_by,
                Draw.pinned_at: datetime.now(UTC),
            })
            .where(Draw.id == row["id"], Draw.state == "OFFERED", Draw.asked_host == drawn_by)
            .returning(Draw.id)
        )  # fmt: skip
        if not pinned:
            raise DrawRefusedError("this host is not asked for this draw now")
        if not await fleet.reserve(known, winner):
            await Draw.update(
                {Draw.state: "OPEN", Draw.placement: None, Draw.drawn_by: None, Draw.asked_host: None}
            ).where(Draw.id == row["id"])
            return False
        await Account.update(
            {Account.web_host: winner, Account.database_host: winner, Account.mail_host: winner}
        ).where(Account.id == row["account"])
        job = await _first_job(row["account"])
        await Job.update({Job.host: winner}).where(Job.id == job["id"])
        await jobs.move(
            job, JobEvent.PINNED, actor=journal.host(drawn_by), facts={"host": winner, "seed": row["seed"]}, public=True
        )
    return True


async def _refuse(row: Mapping[str, Any], host: str) -> None:
    """Ask another courier; tell staff that this one is broken or lies."""
    order = await _order_of(row["account"])
    async with DB.transaction():
        await Draw.update({Draw.state: "OPEN"}).where(Draw.id == row["id"], Draw.state == "OFFERED")
        written = await journal.write(
            subject="draw", subject_id=row["id"], order=order, event="DRAW_REFUSED", actor=journal.host(host),
            facts={"seed": row["seed"]},
        )  # fmt: skip
        await outbox.tell("staff_alarm", order, written, {"what": "dishonest_draw", "host": host})


async def _first_job(account: str) -> dict[str, Any]:
    row = await Job.select().where(Job.account == account).order_by(Job.sequence).first()
    assert row is not None
    return row


async def _order_of(account: str) -> int:
    row = await Account.select(Account.order).where(Account.id == account).first()
    assert row is not None
    return int(row["order"])


def _unanswered(now: datetime) -> Any:
    return (Draw.state == "OFFERED") & (Draw.asked_at < now - ANSWER_WITHIN)


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
