"""The signed job file, made when a job is handed out, from what holds at that moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import jobs as contract
from api.lifecycle import HELD_DOMAINS, DomainState
from api.provisioning.tables import Account, Job
from api.tables import OrderDomain

VALID = timedelta(hours=1)
"""A host that finds a job later than this hands it back."""


async def write(row: Mapping[str, Any], host: str, zone: str, key: Ed25519PrivateKey) -> bytes:
    """Return the file for a job that was just claimed, and remember which domains it switches mail on for."""
    account = await Account.select().where(Account.id == row["account"]).first()
    assert account is not None
    mine = (OrderDomain.order == account["order"]) & OrderDomain.held_name.is_not_null()
    found = await OrderDomain.select().where(mine).order_by(OrderDomain.position)
    domains = [contract.Domain(domain["name"], DomainState(domain["state"]) in HELD_DOMAINS) for domain in found]
    served = json.dumps([domain.name for domain in domains if domain.mail])
    await Job.update({Job.mail_domains: served}).where(Job.id == row["id"])
    now = datetime.now(UTC)
    job = contract.Job(
        schema=1,
        job_id=row["id"],
        attempt=row["attempt"],
        epoch=row["epoch"],
        host=host,
        issued_at=now,
        not_after=now + VALID,
        account=contract.Account(
            id=account["id"],
            name=account["name"],
            uid=account["uid"],
            state=row["target"],
            services=["web", "database", "mail"],
            technical_name=f"{account['name']}.{zone}",
            domains=domains,
            password_hash=account["password_hash"],
            limits=msgspec.json.decode(account["limits"], type=contract.Limits),
        ),
    )
    return contract.sign(job, key)
