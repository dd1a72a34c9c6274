"""Whether a VAT number was given out, as VIES or a service of the same form says it."""

from __future__ import annotations

import httpx

LONGEST_ANSWER = 64 * 1024


class ViesError(Exception):
    """The service did not say yes or no."""


async def asked(url: str, number: str) -> bool:
    """Ask *url*, with {country} and {number} in it, for the VAT *number*.

    Raises:
        ViesError: the answer says neither yes nor no.
        HTTPError: there is none.
    """
    where = url.replace("{country}", number[:2]).replace("{number}", number[2:])
    async with httpx.AsyncClient(follow_redirects=False) as client, client.stream("GET", where) as answer:
        answer.raise_for_status()
        body = b""
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > LONGEST_ANSWER:
                raise ViesError("the answer is too long")
    said = httpx.Response(200, content=body).json()
    valid = said.get("isValid", said.get("valid")) if isinstance(said, dict) else None
    if not isinstance(valid, bool):
        raise ViesError("the answer says neither yes nor no")
    return valid
