"""What follows when a domain became the customer's: its mail is switched on, its service begins."""

from __future__ import annotations

from api.billing import services
from api.equipment import Equipment
from api.provisioning import handoff


async def domain_confirmed(equipment: Equipment, order_id: int) -> None:
    """Do what a confirmed domain of order *order_id* brings, in the transaction that confirms it."""
    await handoff.enqueue(order_id)
    await services.begin_domains(equipment, order_id)
