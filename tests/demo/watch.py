"""Looking over everybody's shoulder: what staff see of an order, and the mails that reach the customer."""

from dataclasses import dataclass, field
from typing import Any

from tests.customer.form import Person
from tests.customer.lab import Lab
from tests.customer.letterbox import mails, text_of
from tests.customer.shop import Receipt, Shop
from tests.demo.screen import Screen

SIGNS = {"ok": "·", "changed": "✚", "failed": "✘", "skipped": "·", "started": "▸"}


@dataclass(slots=True)
class Watch:
    """Shows what is new about one order at each look, and remembers what it has shown."""

    screen: Screen
    lab: Lab
    desk: Shop
    order: Receipt
    who: Person
    _shown: set[str] = field(default_factory=set)

    def look(self) -> dict[str, Any]:
        """Show what has happened since the last look; return what staff see."""
        cart = self.desk.cart(self.order.cart_id)
        for step in cart["job"]["progress"] if cart["job"] else []:
            self._show(
                f"{step['at']}{step['task']}{step['status']}", SIGNS[step["status"]], step["task"], step["status"]
            )
        for mail in mails(self.lab.mail_sink, self.who.email):
            self._show(str(mail["Message-ID"]), "✉", str(mail["Subject"]), f"to {self.who.email}", style="magenta")
        return cart

    def told(self, account: str) -> bool:
        """Return whether the customer has a mail that names the *account*: the last one of the story."""
        return any(account in text_of(mail) for mail in mails(self.lab.mail_sink, self.who.email))

    def _show(self, key: str, sign: str, text: str, detail: str, *, style: str = "") -> None:
        if key not in self._shown:
            self._shown.add(key)
            self.screen.moment(sign, text, detail, style=style)
