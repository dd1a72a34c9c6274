"""PowerDNS over its HTTP API (4.7): zones made, changed and removed; each step may be repeated.

https://doc.powerdns.com/authoritative/http-api/ – a zone is created once (409 afterwards), record sets are replaced as
a whole, and a zone made with `dnssec` signs itself with one key (CSK). PowerDNS counts the serials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from api.domains.registrar import Ds
from api.domains.zones.content import Records
from api.domains.zones.seeing import is_seen

WITHIN_S = 10.0
OWNER = "ankunft"
"""What a zone of ours names as its account: no other is changed or removed."""

SHA_256 = 2
CREATED, CONFLICT = 201, 409
OK = frozenset({200, 201, 204})
GONE = frozenset({404, 422})
"""There is no such zone; which of the two depends on the version."""


class NameServersError(Exception):
    """The name servers did not take it; the text says at which step, without data from the wire."""


class NameServersAwayError(NameServersError):
    """They could not be reached at all: no other zone would be taken now."""


class PowerDns:
    """One PowerDNS, primary of our zones."""

    keeps_zones = True

    def __init__(self, api_url: str, api_key: str, answers_at: Sequence[str] = ()) -> None:
        self._answers_at = answers_at
        self._client = httpx.AsyncClient(
            base_url=f"{api_url.rstrip('/')}/api/v1/servers/localhost",
            headers={"X-API-Key": api_key},
            timeout=WITHIN_S,
            trust_env=False,
        )

    async def put(self, name: str, records: Sequence[Records]) -> tuple[Ds, ...]:
        """Let the zone hold exactly *records*.

        Raises:
            NameServersError: it was not taken.
        """
        wanted = [_rrset(record) for record in records]
        made = await self._ask("POST", "/zones", "make the zone", frozenset({CREATED, CONFLICT}), {
            "name": f"{name}.", "kind": "Master", "account": OWNER, "dnssec": True, "api_rectify": True,
            "soa_edit_api": "DEFAULT", "nameservers": [], "rrsets": wanted,
        })  # fmt: skip
        if made.status_code == CONFLICT:
            await self._change(name, wanted)
        return await self._ds(name)

    async def answer(self, name: str) -> bool:
        """Ask each name server over DNS: the secondaries have to have it, too.

        Raises:
            NameServersAwayError: one of them is silent.
        """
        try:
            return await is_seen(name, self._answers_at)
        except TimeoutError as error:
            raise NameServersAwayError("a name server does not answer over DNS") from error

    async def remove(self, name: str) -> None:
        """Remove the zone; one that is not there is removed.

        Raises:
            NameServersError: it stands.
        """
        if await self._ours(name) is not None:
            await self._ask("DELETE", f"/zones/{name}.", "remove the zone", OK | GONE)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _change(self, name: str, wanted: Sequence[Mapping[str, Any]]) -> None:
        there = await self._ours(name)
        if there is None:
            raise NameServersError("cannot change the zone: it is gone")
        keys = {(rrset["name"], rrset["type"]) for rrset in wanted}
        gone = [
            {"name": rrset["name"], "type": rrset["type"], "changetype": "DELETE"}
            for rrset in there["rrsets"]
            if (rrset["name"], rrset["type"]) not in keys
        ]
        changes = [dict(rrset) | {"changetype": "REPLACE"} for rrset in wanted if rrset["type"] != "SOA"]
        await self._ask("PATCH", f"/zones/{name}.", "change the zone", OK, {"rrsets": gone + changes})
        if not there["dnssec"]:
            await self._ask("PUT", f"/zones/{name}.", "sign the zone", OK, {"dnssec": True, "api_rectify": True})

    async def _ours(self, name: str) -> dict[str, Any] | None:
        """Return the zone as it is, None when there is none."""
        answer = await self._ask("GET", f"/zones/{name}.", "read the zone", OK | GONE)
        if answer.status_code in GONE:
            return None
        there: dict[str, Any] = answer.json()
        if there["account"] != OWNER:
            raise NameServersError(f"the zone is there, and not ours: its account is not {OWNER}")
        return there

    async def _ds(self, name: str) -> tuple[Ds, ...]:
        keys = (await self._ask("GET", f"/zones/{name}./cryptokeys", "read the zone's keys", OK)).json()
        lines = {line for key in keys if key["active"] and key["keytype"] in {"ksk", "csk"} for line in key["ds"]}
        return tuple(ds for line in sorted(lines) if (ds := _ds(line)).digest_type == SHA_256)

    async def _ask(
        self, method: str, path: str, what: str, fine: frozenset[int], body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise NameServersAwayError(f"cannot {what}: {type(error).__name__}") from error
        if answer.status_code not in fine:
            raise NameServersError(f"cannot {what}: PowerDNS answers {answer.status_code}")
        return answer


def _rrset(records: Records) -> dict[str, Any]:
    contents = [{"content": content, "disabled": False} for content in records.contents]
    return {"name": records.name, "type": records.type, "ttl": records.ttl_s, "records": contents}


def _ds(line: str) -> Ds:
    tag, algorithm, kind, digest = line.split(" ", 3)
    return Ds(int(tag), int(algorithm), int(kind), digest.replace(" ", "").upper())
