"""Looking over everybody's shoulder: what staff see of an order, and the mails that reach the customer."""

from tests.customer.form import Person
from tests.customer.lab import Lab
from tests.customer.letterbox import mails, text_of
from tests.customer.shop import Receipt, Shop
from tests.demo.screen import Screen

SIGNS = {"ok": "·", "changed": "✚", "failed": "✘"}
"""The ends of a playbook's steps that are shown."""

UNSHOWN = ("Validating arguments", "playbooks ")
"""Beginnings of steps that tell a customer nothing."""


class Watch:
    """Shows what is new about one order of *who* at each look."""

    def __init__(self, screen: Screen, lab: Lab, desk: Shop, who: Person) -> None:
        self._screen, self._lab, self._desk, self._who = screen, lab, desk, who
        self._order: Receipt | None = None
        self._shown = {str(mail["Message-ID"]) for mail in mails(lab.mail_sink, who.email)}

    def follow(self, order: Receipt) -> Receipt:
        """Watch *order* from now on."""
        self._order = order
        return order

    def look(self) -> None:
        """Show what has happened since the last look."""
        assert self._order is not None
        job = self._desk.cart(self._order.cart_id)["job"]
        for step in job["progress"] if job else []:
            if step["status"] in SIGNS and not step["task"].startswith(UNSHOWN):
                self._show(f"{step['at']} {step['task']}", SIGNS[step["status"]], step["task"], step["status"])
        for mail in mails(self._lab.mail_sink, self._who.email):
            subject = " ".join(str(mail["Subject"]).split())
            self._show(str(mail["Message-ID"]), "✉", subject, f"to {self._who.email}", style="magenta")

    def told(self, account: str) -> bool:
        """Return whether the customer has a mail that names the *account*: the last one of the story."""
        return any(account in text_of(mail) for mail in mails(self._lab.mail_sink, self._who.email))

    def _show(self, key: str, sign: str, text: str, detail: str, *, style: str = "") -> None:
        if key not in self._shown:
            self._shown.add(key)
            self._screen.moment(sign, text, detail, style=style)
