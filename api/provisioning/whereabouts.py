"""Where an account is, as name servers have to know it."""

from __future__ import annotations

import json
from ipaddress import ip_address

from api.domains.zones.content import SigningKey, Whereabouts
from api.domains.zones.keeping import NoAddressError
from api.provisioning.tables import Account, Host, Job


async def whereabouts(order_id: int) -> Whereabouts | None:
    """Return the addresses of an order's account; None while no host is drawn, and once it is removed.

    Raises:
        NoAddressError: a host of it has no address.
    """
    account = await Account.select().where(Account.order == order_id).first()
    if account is None or account["web_host"] is None or account["mail_host"] is None:
        return None
    last = (
        await Job.select(Job.target).where(Job.account == account["id"]).order_by(Job.sequence, ascending=False).first()
    )
    if last is not None and last["target"] == "absent":
        return None
    facts = json.loads(account["facts"])
    selector, public = facts.get("dkim_selector"), facts.get("dkim_key")
    return Whereabouts(
        web=(await _address(account["web_host"]),),
        mail=(await _address(account["mail_host"]),),
        signing=SigningKey(selector, public) if selector and public else None,
    )


async def _address(host: str) -> str:
    row = await Host.select(Host.address).where(Host.name == host).first()
    address = (row and row["address"]) or host
    try:
        return str(ip_address(address))
    except ValueError as error:
        raise NoAddressError(f"no address of {host} is known; `ankunft host add` takes one") from error
