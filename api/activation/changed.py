"""What follows when a domain came to the customer or left: its mail goes on or off, its service begins or ends."""

from __future__ import annotations

from api.billing import services
from api.equipment import Equipment
from api.provisioning import handoff


async def domains_changed(equipment: Equipment, order_id: int) -> None:
    """Bring account and services of order *order_id* up to date with its domains, in the transaction that moved one."""
    await handoff.enqueue(order_id)
    await services.follow_domains(equipment, order_id)
