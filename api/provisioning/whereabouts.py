"""Where an account is, as name servers have to know it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address

from api.domains.zones.content import SigningKey, Whereabouts
from api.domains.zones.keeping import NoAddressError
from api.provisioning.tables import Account, Host, Job

SELECTOR = re.compile(r"[a-z0-9]{1,63}\Z")
BASE64 = re.compile(r"[A-Za-z0-9+/]{100,1000}={0,2}\Z")


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
    return Whereabouts(
        web=(await _address(account["web_host"]),),
        mail=(await _address(account["mail_host"]),),
        signing=_signing(json.loads(account["facts"])),
    )


def _signing(facts: Mapping[str, str]) -> SigningKey | None:
    """Return the mail host's key as it reported it: a fact is short, so the key comes in pieces."""
    selector = facts.get("dkim_selector", "")
    public = "".join(facts[name] for name in sorted(facts) if name.startswith("dkim_key_"))
    return SigningKey(selector, public) if SELECTOR.match(selector) and BASE64.match(public) else None


async def _address(host: str) -> str:
    row = await Host.select(Host.address).where(Host.name == host).first()
    address = (row and row["address"]) or host
    try:
        return str(ip_address(address))
    except ValueError as error:
        raise NoAddressError(f"no address of {host} is known; `ankunft host add` takes one") from error
