"""DS records of a domain at INWX: what should be there is added before what should not is taken away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from api.domains.inwx.robot import Said
from api.domains.registrar import Ds

Call = Callable[..., Awaitable[Said]]


async def change_keys(call: Call, name: str, wanted: Sequence[Ds]) -> None:
    """Let *name* have exactly the *wanted* records; *call* raises when INWX does not take one."""
    answer = await call("dnssec.listkeys", domainName=name, active=1)
    listed = answer.data.get("dnskey") or answer.data.get("list") or ()
    present = {_ds(row): row.get("id") for row in listed if isinstance(row, dict)}
    for one in (Ds(ds.key_tag, ds.algorithm, ds.digest_type, ds.digest.upper()) for ds in wanted):
        if present.pop(one, None) is None:
            record = f"{name}. IN DS {one.key_tag} {one.algorithm} {one.digest_type} {one.digest}"
            await call("dnssec.adddnskey", domainName=name, ds=record)
    for identity in present.values():
        await call("dnssec.deletednskey", key=identity)


def _ds(row: dict[str, Any]) -> Ds:
    def number(key: str) -> int:
        said = str(row.get(key) or "")
        return int(said) if said.isascii() and said.isdigit() else -1

    return Ds(number("keyTag"), number("algorithmId"), number("digestTypeId"), str(row.get("digest") or "").upper())
