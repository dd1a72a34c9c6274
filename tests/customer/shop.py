"""The public order API, used as a customer's browser uses it, and as staff at their desk do."""

from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from tests.customer.form import Form
from tests.customer.patience import wait_for

Answer = dict[str, Any]

DEAD_ENDS = frozenset({"REFUSED", "EXPIRED", "WITHDRAWN", "PROVISIONING_FAILED"})
"""States in which waiting for a running account is useless."""


class UnexpectedAnswerError(AssertionError):
    """The API answered, but not what the customer was promised."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the answer to an order leaves in the customer's hand."""

    cart_id: str
    token: str


class Shop:
    """The API at one URL, visited by one person."""

    def __init__(self, url: str, *, visitor: str = "100.64.0.1", staff_token: str | None = None) -> None:
        self.http = httpx.Client(base_url=url, headers={"X-Forwarded-For": visitor}, timeout=30, trust_env=False)
        self._staff = {"Authorization": f"Bearer {staff_token}"} if staff_token else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()

    def place(self, form: Form, *, key: str) -> Receipt:
        """Click on "order"; the same *key* again is the same order. With a staff token, staff click."""
        answer = self._call("POST", "/api/v1/orders", 202, json=form, headers=self._staff | {"Idempotency-Key": key})
        return Receipt(answer["cart_id"], answer["token"])

    def status(self, order: Receipt) -> Answer:
        """Read the status page."""
        return self._call("GET", f"/api/v1/orders/{order.cart_id}", 200, headers=_bearer(order))

    def request_code(self, order: Receipt) -> None:
        """Ask for the code by SMS."""
        self._call("POST", f"/api/v1/orders/{order.cart_id}/sms", 202, headers=_bearer(order))

    def confirm(self, order: Receipt, code: str) -> Answer:
        """Type the code in; from here on everything happens by itself."""
        path = f"/api/v1/orders/{order.cart_id}/sms/confirm"
        return self._call("POST", path, 200, headers=_bearer(order), json={"code": code})

    def correct_auth_code(self, order: Receipt, name: str, auth_code: str) -> Answer:
        """Enter another auth code for a transfer that was refused."""
        path = f"/api/v1/orders/{order.cart_id}/domains/{name}/auth-code"
        return self._call("POST", path, 202, headers=_bearer(order), json={"auth_code": auth_code})

    def availability(self, name: str) -> Answer:
        """Ask whether a domain is free."""
        return self._call("GET", f"/api/v1/domains/{name}", 200)

    def domain(self, order: Receipt, name: str) -> Answer:
        """Read what the status page says of one domain (A-label)."""
        (line,) = [line for line in self.status(order)["domains"] if line["name"] == name]
        found: Answer = line
        return found

    def wait_for_domain(self, order: Receipt, name: str, state: str, timeout_s: float = 60) -> Answer:
        """Reload the status page until the domain *name* (A-label) is in *state*."""

        def look() -> Answer | None:
            line = self.domain(order, name)
            return line if line["state"] == state else None

        return wait_for(f"{name} is {state}", look, timeout_s=timeout_s)

    def wait_until(self, order: Receipt, *states: str, timeout_s: float = 60, every_s: float = 0.25) -> Answer:
        """Reload the status page until the order is in one of *states*, and return it."""

        def look() -> Answer | None:
            page = self.status(order)
            if page["state"] in DEAD_ENDS and page["state"] not in states:
                raise UnexpectedAnswerError(
                    f"order {order.cart_id} ended as {page['state']}, not {' or '.join(states)}"
                )
            return page if page["state"] in states else None

        return wait_for(f"order {order.cart_id} is {' or '.join(states)}", look, timeout_s=timeout_s, every_s=every_s)

    def contract(self, order: Receipt) -> bytes:
        """Download the contract to sign."""
        path = f"/api/v1/orders/{order.cart_id}/contract.pdf"
        response = self.http.get(path, headers=_bearer(order))
        if response.status_code != HTTPStatus.OK:
            raise UnexpectedAnswerError(f"GET {path}: {response.status_code}: {response.text[:500]}")
        return response.content

    def cart(self, cart_id: str) -> Answer:
        """Open the order on a staff member's screen."""
        return self._call("GET", f"/api/v1/staff/carts/{cart_id}", 200, headers=self._staff)

    def accept(self, cart_id: str) -> Answer:
        """Accept the order as staff do when the signed contract lies before them."""
        return self._call("POST", f"/api/v1/staff/carts/{cart_id}/accept", 200, headers=self._staff)

    def retry(self, cart_id: str) -> Answer:
        """Have a parked job tried again, as staff do when its cause is gone."""
        return self._call("POST", f"/api/v1/staff/carts/{cart_id}/retry", 200, headers=self._staff)

    def returns(self) -> list[Answer]:
        """Look what came back and waits for a person."""
        found: list[Answer] = self._call("GET", "/api/v1/staff/returns", 200, headers=self._staff)["returns"]
        return found

    def hand_in(self, *scans: bytes) -> list[int]:
        """Hand scans in, all at once, as staff do with the post."""
        files = [("file", (f"scan {number}.tif", scan, "image/tiff")) for number, scan in enumerate(scans)]
        answer = self._call("POST", "/api/v1/staff/returns", 202, headers=self._staff, files=files)
        return [int(number) for number in answer["numbers"]]

    def approve(self, number: int) -> Answer:
        """Confirm the signature on a document that is filed."""
        return self._call("POST", f"/api/v1/staff/returns/{number}/approve", 200, headers=self._staff)

    def file(self, number: int, cart_id: str) -> Answer:
        """File a document that nobody could read, and confirm its signature in the same step."""
        form = {"cart_id": cart_id, "approve": True}
        return self._call("POST", f"/api/v1/staff/returns/{number}/file", 200, headers=self._staff, json=form)

    def _call(self, method: str, path: str, expected: int, **request: Any) -> Answer:
        response = self.http.request(method, path, **request)
        if response.status_code != expected:
            raise UnexpectedAnswerError(
                f"{method} {path}: {response.status_code} instead of {expected}: {response.text[:500]}"
            )
        answer: Answer = response.json() if response.content else {}
        return answer


def _bearer(order: Receipt) -> dict[str, str]:
    return {"Authorization": f"Bearer {order.token}"}
