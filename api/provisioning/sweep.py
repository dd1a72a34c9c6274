"""What the worker looks after: leases that ended, draws that wait, nonces that are old."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.signing import MAX_AGE
from api.provisioning import draws, jobs
from api.provisioning.tables import AgentNonce


async def once() -> None:
    """Look once at everything."""
    now = datetime.now(UTC)
    await jobs.end_leases(now)
    await draws.look_for_room()
    await AgentNonce.delete().where(AgentNonce.seen_at < now - 3 * MAX_AGE)
