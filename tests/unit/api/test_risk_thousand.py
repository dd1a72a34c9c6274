"""A thousand orders through rules, states and mails: the same on SQLite and PostgreSQL, and open to other rules."""

import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
import pytest

from api import orders
from api.activation import code
from api.activation.acceptance import accept
from api.activation.endings import lapse_due, withdraw
from api.activation.tables import SmsActivation
from api.equipment import Equipment
from api.intake import placing
from api.intake.form import OrderForm
from api.intake.placing import Sender
from api.intake.risk import blocklist
from api.intake.risk.replay import Replay
from api.intake.risk.tables import RiskAssessment, RiskResult
from api.intake.screening import screen_waiting
from api.lifecycle import OrderEvent
from api.notices import facts, letter
from api.notices.tables import Outbox
from api.piccolo_conf import DB
from api.shop.page import order_page
from api.tables import Journal, Order, OrderDomain
from tests.unit.api import databases
from tests.unit.api.manyorders import AUTH_CODE, BLOCKED_MAIL_DOMAIN, BLOCKED_PHONE, PASSWORD, Planned, planned
from tests.unit.api.riskcases import strict
from tests.unit.api.test_risk_commands import harsher_rules, told, written_config

pytestmark = pytest.mark.slow

MANY = 1000
STAFF = "staff:Anna"
DATES = re.compile(r"\d{1,2}[.:/ ]\d{1,2}([.:/ ]\d{2,4})?|\d{1,2}\.? \w+ 2\d{3}|\w+ \d{1,2}, 2\d{3}")


class Fate(NamedTuple):
    """What became of one order."""

    state: str
    offered: str
    points: int
    outcome: str
    rules: tuple[str, ...]
    notes: str
    events: tuple[str, ...]
    #: Kind, language and digest of each letter.
    letters: tuple[str, ...]
    domains: tuple[str, ...]


class Run(NamedTuple):
    """A thousand orders on one database."""

    fates: list[Fate]
    harsher: Replay
    carts: list[str]
    changed_by_replay: bool


@pytest.fixture
def production(equipment: Equipment) -> Equipment:
    """The limits of production, and messages enough."""
    made = strict(equipment)
    sms = msgspec.structs.replace(made.settings.sms, daily_budget=10**6, per_number_daily=10**6)
    settings = msgspec.structs.replace(made.settings, sms=sms)
    return Equipment(settings, made.seal, made.catalogue, made.hashing, made.closing)


async def test_a_thousand_orders_fare_the_same_on_both_databases_and_a_replay_finds_who_would_differ(
    production: Equipment, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, postgresql: str
) -> None:
    template = tmp_path_factory.getbasetemp() / "template.sqlite"
    plan = list(planned(MANY))
    async with databases.sqlite_copy(template, tmp_path) as url:
        on_sqlite = await run(production, plan, written_config(tmp_path, url))
    async with databases.postgresql_copy(postgresql) as url:
        on_postgresql = await run(production, plan, written_config(tmp_path, url))
    assert on_sqlite.fates == on_postgresql.fates
    print(Counter(fate.outcome for fate in on_sqlite.fates), Counter(fate.state for fate in on_sqlite.fates))
    for one in (on_sqlite, on_postgresql):
        assert not one.changed_by_replay
        assert {difference.cart_id for difference in one.harsher.differing} == {
            cart for cart, order in zip(one.carts, plan, strict=True) if order.kind == "disposable"
        }
        assert one.harsher.orders == MANY
    outcomes = {
        kind: {fate.outcome for fate, order in zip(on_sqlite.fates, plan, strict=True) if order.kind == kind}
        for kind in {order.kind for order in plan}
    }
    assert outcomes == {
        "good": {"sms"},
        "foreign phone": {"contract"},
        "fixed line": {"contract"},
        "disposable": {"contract"},
        "trap": {"contract"},
        "bank abroad": {"sms", "contract"},
        "busy network": {"sms", "contract"},
        "busy mail": {"sms", "contract"},
        "blocked phone": {"refuse"},
        "blocked mail domain": {"review"},
        "odd name": {"sms"},
        "fast": {"sms"},
    }


async def run(equipment: Equipment, plan: list[Planned], config: Path) -> Run:
    """Place, check and finish all orders of *plan*; write every letter; have the command judge them by other rules."""
    await blocklist.add(equipment.seal, "phone", BLOCKED_PHONE, reason="fraud", actor=STAFF)
    await blocklist.add(equipment.seal, "mail_domain", BLOCKED_MAIL_DOMAIN, reason="spam", actor=STAFF)
    carts = []
    for order in plan:
        form = msgspec.convert(order.body, OrderForm)
        receipt = await placing.place(equipment, form, key=uuid4().hex, sender=Sender("customer", order.ip))
        carts.append(receipt.cart_id)
    while await screen_waiting(equipment):
        pass
    rows = await Order.select(Order.id, Order.cart_id, Order.state, Order.offered).order_by(Order.id)
    assert [row["cart_id"] for row in rows] == carts
    for index, row in enumerate(rows):
        await go_on(equipment, index, row)
    while await lapse_due():
        pass
    before = await results()
    replayed = await told(config, "risk", "replay", "--rules", str(harsher_rules(config.parent)))
    harsher = msgspec.convert(replayed, Replay)
    return Run(
        [await fate(equipment, row["id"], row["cart_id"]) for row in rows], harsher, carts, await results() != before
    )


async def results() -> str:
    """Return all that is kept of checks."""
    return json.dumps([await RiskAssessment.select(), await RiskResult.select()], default=str)


async def go_on(equipment: Equipment, index: int, row: dict[str, Any]) -> None:
    """Take the order *row* further, by its place in the plan."""
    order_id = row["id"]
    match row["state"], index % 5:
        case "AWAITING_ACTIVATION", 0 | 1 | 2 if "sms" in row["offered"]:
            await code.request(equipment, order_id, actor="customer")
            (sent,) = await SmsActivation.select().where(SmsActivation.order == order_id)
            right = equipment.seal.sms_code(order_id, sent["generation"])
            await code.confirm(equipment, order_id, right, actor="customer")
        case (("AWAITING_ACTIVATION" | "IN_REVIEW"), 0 | 1):
            await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
        case (("AWAITING_ACTIVATION" | "IN_REVIEW"), 3):
            await withdraw(order_id, actor="customer")
        case "AWAITING_ACTIVATION", 4:
            past = datetime.now(UTC) - timedelta(seconds=1)
            await Order.update({Order.expires_at: past}).where(Order.id == order_id)
        case "REFUSED", 0 | 1:
            async with DB.transaction():
                await orders.move(order_id, OrderEvent.REOPENED, actor=STAFF)
        case _:
            pass


async def fate(equipment: Equipment, order_id: int, cart_id: str) -> Fate:
    """Return what became of an order, without what differs from run to run."""
    (order,) = await Order.select().where(Order.id == order_id)
    (check,) = await RiskAssessment.select().where(RiskAssessment.order == order_id)
    fitted = await RiskResult.select().where(RiskResult.order == order_id).order_by(RiskResult.id)
    entries = await Journal.select().where(Journal.order == order_id).order_by(Journal.id)
    names = await OrderDomain.select().where(OrderDomain.order == order_id).order_by(OrderDomain.position)
    letters = await Outbox.select().where(Outbox.order == order_id).order_by(Outbox.id)
    return Fate(
        order["state"], order["offered"], check["points"], check["outcome"],
        tuple(f"{row['rule']} {row['points']} {row['value']}" for row in fitted), check["notes"],
        tuple(f"{row['subject']} {row['event']}" for row in entries),
        tuple([await written(equipment, row, cart_id) for row in letters]),
        tuple(f"{row['name']} {row['state']} {row['held_name']}" for row in names),
    )  # fmt: skip


async def written(equipment: Equipment, row: dict[str, Any], cart_id: str) -> str:
    """Write the letter of outbox *row*; no secret is in a mail. Return what it is, without cart ID and days."""
    folder, kind, language = equipment.settings.templates.folder, row["kind"], row["language"]
    if row["channel"] == "sms":
        text = letter.short_text(folder, kind, language, facts.of_code(equipment, row, cart_id))
        return f"{kind} {language} {len(text.splitlines())}"
    said = await facts.of_order(equipment, row, partial(order_page, equipment.settings))
    made = letter.write(folder, kind, language, said)
    for secret in (PASSWORD, AUTH_CODE, "DE0212", "NL91ABNA", "iban", "cheap watches", "blocked", "$6$", "order_"):
        assert secret not in made.text + made.html, (kind, secret)
    plain = DATES.sub("DAY", f"{made.subject}\n{made.text}".replace(cart_id, "CART"))
    return f"{kind} {language} {hashlib.sha256(plain.encode()).hexdigest()[:12]}"
