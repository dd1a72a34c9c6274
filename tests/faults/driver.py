"""Customers who do not give up: each repeats what was not answered, with the same key, and writes down every answer."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from tests.customer.form import Person, order_form
from tests.customer.lab import Lab
from tests.customer.phone import code_in, messages
from tests.faults.log import Log

ENDED = frozenset({"ACTIVE", "PROVISIONING_FAILED", "REFUSED", "EXPIRED"})
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer with one order, one key and one domain."""

    lab: Lab
    log: Log
    who: Person
    key: str
    domain: str

    async def order(self) -> None:
        """Order, confirm and wait until the account is there; end at any final state, or never."""
        async with httpx.AsyncClient(
            base_url=self.lab.api, headers={"X-Forwarded-For": self.who.visitor}, timeout=10, trust_env=False
        ) as http:
            receipt = await self._place(http)
            http.headers["Authorization"] = f"Bearer {receipt['token']}"
            await self._follow(http, receipt["cart_id"])

    async def _place(self, http: httpx.AsyncClient) -> dict[str, Any]:
        """Send the order, with the same key and body, until it is answered."""
        form = order_form(self.who, self.domain)
        self.log.write("sent", key=self.key, domain=self.domain)
        while True:
            answer = await _try(http, "POST", "/api/v1/orders", json=form, headers={"Idempotency-Key": self.key})
            if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
                receipt: dict[str, Any] = answer.json()
                self.log.write("answered", key=self.key, domain=self.domain, cart_id=receipt["cart_id"])
                return receipt
            if answer is not None:
                self.log.write("refused", key=self.key, status=answer.status_code, text=answer.text[:300])
            await asyncio.sleep(PAUSE_S)

    async def _follow(self, http: httpx.AsyncClient, cart_id: str) -> None:
        """Reload the status page, do what it offers, and note every change of state."""
        seen = None
        while seen not in ENDED:
            answer = await _try(http, "GET", f"/api/v1/orders/{cart_id}")
            if answer is not None and answer.status_code == httpx.codes.OK:
                state = answer.json()["state"]
                if state != seen:
                    self.log.write("seen", cart_id=cart_id, state=state)
                    seen = state
                if state == "AWAITING_ACTIVATION":
                    await self._activate(http, cart_id)
            await asyncio.sleep(PAUSE_S)

    async def _activate(self, http: httpx.AsyncClient, cart_id: str) -> None:
        """Type the newest code in; ask for one if none has come."""
        texts = messages(self.lab.sms_sink, self.who.phone)
        if not texts:
            await _try(http, "POST", f"/api/v1/orders/{cart_id}/sms")
            await asyncio.sleep(PAUSE_S)
            return
        answer = await _try(http, "POST", f"/api/v1/orders/{cart_id}/sms/confirm", json={"code": code_in(texts[-1])})
        if answer is not None and answer.status_code == httpx.codes.OK:
            self.log.write("confirmed", cart_id=cart_id)


async def _try(http: httpx.AsyncClient, method: str, path: str, **request: Any) -> httpx.Response | None:
    """Return the answer, or None if there was none: whether the request took effect is then unknown."""
    try:
        return await http.request(method, path, **request)
    except httpx.TransportError:
        return None
