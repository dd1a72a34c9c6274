"""A registrar that says what a test tells it to, and the office that works with it."""

from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from api.domains.desk import Desk
from api.domains.drivers import Sandbox
from api.domains.office import Office
from api.domains.registrar import Done, Ds, Message, News, Outcome, Registrar, RegistrarUnavailableError, Trade, Unknown
from api.domains.tables import DomainTrade, Zone
from api.domains.zones.content import Records, Whereabouts
from api.domains.zones.nameservers import NameServers, NoNameServers
from api.equipment import Equipment
from api.lifecycle import OrderState
from api.notices.tables import Outbox
from api.provisioning import handoff
from api.tables import Journal, Order, OrderDomain
from tests.unit.api.playedhosts import accepted

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOMEWHERE = Whereabouts(("192.0.2.10",), ("192.0.2.20",))


class Told(Sandbox):
    """Orders, looks and messages as told; counts what it is asked."""

    def __init__(self, *orders: Outcome | Exception, looks: Sequence[Outcome | Exception | None] = ()) -> None:
        self.orders, self.looks, self.queue = deque(orders), deque(looks), deque[Message]()
        self.asked: Counter[str] = Counter()
        self.trades: list[Trade] = []
        self.acknowledged: list[str] = []
        self.delegated: list[tuple[str, Sequence[str], Sequence[Ds]]] = []
        self.broken: set[str] = set()

    async def order(self, trade: Trade) -> Outcome:
        """Count, and answer the next outcome; Done when there is none left."""
        self.asked[trade.name] += 1
        self.trades.append(trade)
        if trade.name in self.broken:
            raise ConnectionError
        return _said(self.orders.popleft() if self.orders else Done()) or Done()

    async def look(self, trade: Trade) -> Outcome | None:
        """Answer the next look."""
        self.asked[f"look {trade.name}"] += 1
        return _said(self.looks.popleft() if self.looks else Unknown("nothing was told"))

    async def delegate(self, name: str, nameservers: Sequence[str], ds: Sequence[Ds]) -> None:
        """Remember."""
        self.delegated.append((name, nameservers, ds))

    async def poll(self) -> Message | None:
        """Return the first message that was not acknowledged."""
        return self.queue[0] if self.queue else None

    async def acknowledge(self, message_id: str) -> None:
        """Remember, and take it out."""
        if self.queue.popleft().id != message_id:
            raise RegistrarUnavailableError("this is not the first message")
        self.acknowledged.append(message_id)

    def hear(self, kind: News, name: str | None, **said: Any) -> Message:
        """Queue a message."""
        number = str(1000 + len(self.queue) + len(self.acknowledged))
        made = Message(id=number, kind=kind, name=name, **{"at": datetime.now(UTC)} | said)
        self.queue.append(made)
        return made


class Names:
    """Name servers in memory."""

    keeps_zones = True

    def __init__(self) -> None:
        self.zones: dict[str, Sequence[Records]] = {}
        self.writes: Counter[str] = Counter()

    async def put(self, name: str, records: Sequence[Records]) -> tuple[Ds, ...]:
        """Remember."""
        self.writes[name] += 1
        self.zones[name] = records
        return (Ds(12345, 13, 2, "AB" * 32),)

    async def answer(self, name: str) -> bool:
        """Say what was remembered."""
        return name in self.zones

    async def remove(self, name: str) -> None:
        """Forget."""
        self.zones.pop(name, None)


class Places:
    """Where accounts are, as told."""

    def __init__(self, place: Whereabouts | None = SOMEWHERE) -> None:
        self.place = place

    async def __call__(self, order_id: int) -> Whereabouts | None:
        """Return the place of all of them."""
        del order_id
        return self.place


def office(
    equipment: Equipment, registrar: Registrar | None = None, names: NameServers | None = None,
    places: Places | None = None,
) -> Office:  # fmt: skip
    """Return an office that works with what is given."""
    desk = Desk(registrar or Told(), equipment, handoff.enqueue)
    return Office(desk, names or NoNameServers(), places or Places())


async def activate(order_id: int) -> None:
    """Have the account of an order made, as if its host had reported."""
    await Order.update({Order.state: OrderState.ACTIVE.value}).where(Order.id == order_id)


async def active(equipment: Equipment, *names: str) -> int:
    """Have an order whose account is there."""
    order_id = await accepted(equipment, *names)
    await activate(order_id)
    return order_id


async def moving(equipment: Equipment, name: str, auth_code: str = "aB&<+/9x") -> int:
    """Have an order with a transfer whose account is there."""
    order_id = await active(equipment, name)
    sealed = equipment.seal.seal("auth code", auth_code)
    await OrderDomain.update({OrderDomain.action: "transfer", OrderDomain.auth_code_sealed: sealed}).where(
        OrderDomain.order == order_id
    )
    return order_id


async def rush() -> None:
    """Let it be later: whatever is waited for is due now."""
    before = datetime(2026, 1, 1, tzinfo=UTC)
    await DomainTrade.update({DomainTrade.look_at: before}).where(DomainTrade.open_domain.is_not_null())
    await DomainTrade.update({DomainTrade.closed_at: before}).where(DomainTrade.outcome == "POSTPONED")
    await Zone.update({Zone.look_at: before}, force=True)


async def row_of(name: str) -> dict[str, Any]:
    """Return the newest domain of this name."""
    (*_, row) = await OrderDomain.select().where(OrderDomain.name == name).order_by(OrderDomain.id)
    return dict(row)


async def state_of(name: str) -> str:
    """Return the state of the newest domain of this name."""
    return str((await row_of(name))["state"])


async def events_of(name: str) -> list[str]:
    """Return what happened to a domain."""
    rows = Journal.select(Journal.event).where(Journal.subject == "domain", Journal.subject_id == name)
    return [row["event"] for row in await rows.order_by(Journal.id)]


async def mails_of(order_id: int, kind: str = "domain_status") -> list[dict[str, Any]]:
    """Return the mails of a kind about an order."""
    rows = await Outbox.select().where(Outbox.order == order_id, Outbox.kind == kind).order_by(Outbox.id)
    return [dict(row) for row in rows]


def _said(answer: Outcome | Exception | None) -> Outcome | None:
    if isinstance(answer, Exception):
        raise answer
    return answer
