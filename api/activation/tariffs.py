"""Changing the tariff of a contract: what is charged goes over on a day, the account's limits at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from api import journal
from api.billing import contracts, pricelist, services
from api.billing.services import Ended
from api.catalogue import Tariff
from api.equipment import Equipment
from api.provisioning import handoff
from api.tables import Order, OrderDomain


class TariffRefusedError(Exception):
    """The contract cannot go over to that tariff; the message says why."""


async def differences(equipment: Equipment, order_id: int, wanted: str) -> Sequence[str]:
    """Return what tariff *wanted* has that the one of order *order_id* has not, a line for each value that differs.

    Raises:
        TariffRefusedError: the contract cannot go over to it.
    """
    order, filed = await contracts.contract(equipment, order_id)
    new = await _possible(equipment, order, filed.tariff, wanted)
    return pricelist.differences(msgspec.to_builtins(filed.tariff), msgspec.to_builtins(new))


async def change(equipment: Equipment, order_id: int, wanted: str, day: date, *, actor: str) -> Ended:
    """Have order *order_id* charged as *wanted*, in the version that is on sale, from *day* on; in a transaction.

    Returns how many services ended for it; none, where the contract ends on *day* or before.

    Raises:
        TariffRefusedError: the contract cannot go over to it.
    """
    order, filed = await contracts.contract(equipment, order_id)
    new = await _possible(equipment, order, filed.tariff, wanted)
    values: dict[Any, Any] = {Order.tariff: wanted, Order.tariff_version: new.version}
    await Order.update(values).where(Order.id == order_id)
    await handoff.set_limits(order_id, new)
    ended = await services.change(equipment, order_id, day, actor=actor)
    await journal.write(
        subject="order", subject_id=order_id, order=order_id, event="TARIFF_CHANGED", actor=actor,
        facts={"from": order["tariff"], "to": wanted, "version": new.version, "on": day},
    )  # fmt: skip
    return ended


async def _possible(equipment: Equipment, order: dict[str, Any], old: Tariff, wanted: str) -> Tariff:
    new = equipment.catalogue.tariffs.get(wanted)
    if new is None or not new.offered:
        raise TariffRefusedError(f"{wanted} is no tariff on offer")
    if (order["tariff"], order["tariff_version"]) == (wanted, new.version):
        raise TariffRefusedError(f"the order has {wanted}, version {new.version}, already")
    if new.pool != old.pool:
        raise TariffRefusedError(f"{wanted} is for servers of pool {new.pool}; an account does not move between pools")
    if order["billing_interval_months"] not in new.billing_intervals_months:
        raise TariffRefusedError(f"{wanted} is not billed every {order['billing_interval_months']} months")
    domains = await OrderDomain.count().where(OrderDomain.order == order["id"], OrderDomain.held_name.is_not_null())
    if domains > new.domains:
        raise TariffRefusedError(f"the order has {domains} domains, {wanted} holds {new.domains} at most")
    return new
