"""Orders as the risk check sees them, placed from anywhere and checked at once."""

import json
from typing import Any
from uuid import uuid4

import msgspec

from api.equipment import Equipment
from api.intake import placing
from api.intake.placing import Sender
from api.intake.risk.sources import Sources
from api.intake.risk.tables import RiskResult
from api.intake.screening import screen_waiting
from api.settings import Risk
from tests.unit.api.orderform import form, id_of, row_of


def strict(equipment: Equipment, **changes: Any) -> Equipment:
    """Return *equipment* with the limits of production."""
    settings = msgspec.structs.replace(equipment.settings, risk=Risk(**changes))
    return Equipment(settings, equipment.seal, equipment.catalogue, equipment.hashing, equipment.closing)


async def checked(equipment: Equipment, asked: Sources | None = None, ip: str = "198.51.100.7", **said: Any) -> int:
    """Place an order from *ip* and have it checked; return its id."""
    receipt = await placing.place(equipment, form(**said), key=uuid4().hex, sender=Sender("customer", ip))
    await (screen_waiting(equipment) if asked is None else screen_waiting(equipment, asked))
    return await id_of(receipt.cart_id)


async def ways_of(order_id: int) -> list[str]:
    ways: list[str] = json.loads((await row_of(order_id))["offered"])
    return ways


async def rules_of(order_id: int) -> set[str]:
    return set(await RiskResult.select(RiskResult.rule).where(RiskResult.order == order_id).output(as_list=True))
