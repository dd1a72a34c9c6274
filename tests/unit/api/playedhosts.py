"""Hosts that are alive without an agent, and accounts for them: the room of provisioning without HTTP."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent import placement
from agent.jobs import Outcome, Report
from agent.placement import Need, Placement
from api import keys
from api.activation.acceptance import accept
from api.equipment import Equipment
from api.lifecycle import OrderEvent
from api.provisioning import draws, fleet, jobfile, jobs, reports
from api.provisioning.tables import Account, Draw, Host, Job
from api.tables import Order
from tests.unit.api.orderform import offered

STAFF = "staff:Tester"


class Taken(NamedTuple):
    """A job in the hands of a host."""

    row: dict[str, Any]
    file: bytes

    @property
    def fence(self) -> tuple[int, int]:
        """What makes this attempt newer than others."""
        return (self.row["epoch"], self.row["attempt"])


async def living(*names: str, max_accounts: int = 100, weights: Mapping[str, float] | None = None) -> Placement:
    """Approve a fleet of hosts that serve everything and let their agents be heard just now."""
    hosts = [
        placement.Host(
            name, ["database", "mail", "web"], ["standard"], max_accounts, weight=(weights or {}).get(name, 1)
        )
        for name in names
    ]
    made = Placement(1, hosts)
    await fleet.approve(placement.encode(made), actor=STAFF)
    known = await Host.select(Host.name).output(as_list=True)
    now = datetime.now(UTC)
    for name in set(names) - set(known):
        await Host.insert(Host(name=name, state="APPROVED", created_at=now, last_seen_at=now))
    await Host.update({Host.last_seen_at: now}, force=True)
    return made


async def accepted(equipment: Equipment, *names: str) -> int:
    """Place an order and accept it; return its id."""
    order_id = await offered(equipment, *names)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
    return order_id


async def pinned(equipment: Equipment, made: Placement) -> int:
    """Accept an order and have its host drawn; return its id."""
    order_id = await accepted(equipment)
    await draw_all(made)
    return order_id


async def draw_all(made: Placement) -> None:
    """Let the first host draw honestly for whatever waits."""
    asker = made.hosts[0].name
    for task in await draws.offer(asker, placement.digest(placement.encode(made))):
        await draws.answer(task["draw_id"], asker, task["digest"], honest(made, task))


def honest(made: Placement, task: Mapping[str, Any]) -> dict[str, str] | None:
    """Draw as a courier does."""
    need = Need(task["need"]["services"], task["need"]["pool"])
    return placement.draw(made, need, bytes.fromhex(task["seed"]), task["room"], set(task["alive"])).placement


async def take(equipment: Equipment, host: str, most: int = 4, lease_s: int = 30) -> list[Taken]:
    """Claim jobs as *host*."""
    key = keys.job_signing_key(equipment.settings.keys.job_signing)
    write = partial(jobfile.write, host=host, zone="hosting.test", key=key)
    return [Taken(row, file) for row, file in await jobs.claim(host, most, lease_s, write)]


async def take_one(equipment: Equipment, order_id: int) -> Taken:
    """Claim the job of an order as its host."""
    host = (await job_of(order_id))["host"]
    (taken,) = [job for job in await take(equipment, host) if job.row["order"] == order_id]
    return taken


async def tell(taken: Taken, outcome: Outcome = Outcome.SUCCEEDED, **changes: Any) -> None:
    """Report how a job ended, as its host."""
    await reports.take(taken.row["id"], taken.row["host"], report(taken, outcome, **changes))


def report(taken: Taken, outcome: Outcome = Outcome.SUCCEEDED, **changes: Any) -> Report:
    """Return a report of a job."""
    now = datetime.now(UTC)
    epoch, attempt = taken.fence
    said: dict[str, Any] = {
        "schema": 1, "job_id": taken.row["id"], "attempt": attempt, "epoch": epoch, "host": taken.row["host"],
        "outcome": outcome, "changed": 7, "started_at": now, "finished_at": now,
    }  # fmt: skip
    return Report(**said | changes)


async def job_of(order_id: int) -> dict[str, Any]:
    """Return the newest job of an order."""
    account = await account_of(order_id)
    (*_, row) = await Job.select().where(Job.account == account["id"]).order_by(Job.sequence)
    return dict(row)


async def account_of(order_id: int) -> dict[str, Any]:
    """Return the account of an order."""
    (row,) = await Account.select().where(Account.order == order_id)
    return dict(row)


async def draw_of(order_id: int) -> dict[str, Any]:
    """Return the draw of an order."""
    (row,) = await Draw.select().where(Draw.account == (await account_of(order_id))["id"])
    return dict(row)


async def open_draws(made: Placement, many: Iterable[int]) -> list[str]:
    """Write draws that were offered to the first host, each with an account of its own; return their ids."""
    drawn = []
    digest = placement.digest(placement.encode(made))
    for number in many:
        row = await _order_row(number)
        account = uuid4().hex
        await Account.insert(
            Account(
                id=account, order=row, number=number, name=f"a{number}", uid=1_900_000_000 + number, pool="standard",
                password_hash="$6$x", limits="{}",
            )
        )  # fmt: skip
        await Job.insert(
            Job(
                id=uuid4().hex, account=account, sequence=1, target="present", state="WAITING_FOR_DRAW",
                created_at=datetime.now(UTC),
            )
        )  # fmt: skip
        draw = Draw(
            id=uuid4().hex, account=account, seed=uuid4().hex, state="OFFERED", asked_host=made.hosts[0].name,
            asked_at=datetime.now(UTC), digest=digest,
            need=json.dumps({"services": ["web", "database", "mail"], "pool": "standard"}),
            room=json.dumps({host.name: 1 for host in made.hosts}), alive=json.dumps([h.name for h in made.hosts]),
        )  # fmt: skip
        await Draw.insert(draw)
        drawn.append(draw.id)
    return drawn


async def _order_row(number: int) -> int:
    now = datetime.now(UTC)
    row = Order(
        cart_id=f"T-{number}", idempotency_key=f"k{number}", body_digest="x", state="ACCEPTED", tariff="start",
        tariff_version=1, billing_interval_months=1, language="de", terms_version="1", terms_accepted_at=now,
        applicant='{"email": "j@example.org", "phone": "+49"}', password_hash="$6$x", created_at=now,
    )  # fmt: skip
    return int((await Order.insert(row).returning(Order.id))[0]["id"])


async def one_job(equipment: Equipment) -> tuple[int, Taken]:
    """Have one job in the hands of its host; return its order too."""
    made = await living("h1")
    order_id = await pinned(equipment, made)
    return order_id, await take_one(equipment, order_id)


async def lose(taken: Taken) -> None:
    """Let the lease of a job end, and the pause after it."""
    await Job.update({Job.lease_until: datetime.now(UTC) - timedelta(seconds=1)}).where(Job.id == taken.row["id"])
    await jobs.end_leases(datetime.now(UTC))
    await Job.update({Job.not_before: None}).where(Job.id == taken.row["id"])


def public_key(equipment: Equipment) -> Ed25519PublicKey:
    """Return what hosts check job files against."""
    return keys.job_signing_key(equipment.settings.keys.job_signing).public_key()
