"""One server, seen by its sysadmin and by a customer, and what a customer does there with his account."""

from __future__ import annotations

import imaplib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import asyncssh
import pytest

from tests.customer import site
from tests.customer.browser import fetch
from tests.customer.mailprogram import Mailbox, deliver, letter, refusal
from tests.customer.sftp import Sftp
from tests.sysadmin.accounts import Desk, Order, Run
from tests.sysadmin.ssh import Root

PASSWORD = "Kanarienvogel-7-im-Garten"


@dataclass(frozen=True, slots=True)
class Bench:
    """One server, seen by its sysadmin and by a customer."""

    host: str
    address: str
    root: Root
    desk: Desk
    #: The first account number that no other test and no order uses.
    number: int

    def order(self, offset: int, *domains: tuple[str, bool]) -> Order:
        return Order(self.host, self.number + offset, PASSWORD, tuple(domains))

    def sftp(self, order: Order) -> Sftp:
        return Sftp(self.address, 22, order.name, PASSWORD)

    def at_once(self, state: str, orders: list[Order]) -> list[Run]:
        with ThreadPoolExecutor(len(orders)) as pool:
            return list(pool.map(lambda order: self.desk.run(order.job(state)), orders))

    def mailbox(self, domain: str) -> Mailbox:
        return Mailbox((self.address, 143), (self.address, 587), f"postmaster@{domain}", PASSWORD)


def use_like_a_customer(bench: Bench, order: Order, domain: str) -> None:
    sftp = bench.sftp(order)
    assert sftp.names() == {".my.cnf", "public"}
    sftp.upload("public/who.php", site.IDENTITY)
    sftp.upload("public/db.php", site.DATABASE)
    with pytest.raises(asyncssh.SFTPError):
        sftp.upload(".my.cnf", "mine")
    assert site.ask(bench.address, f"www.{domain}", "/who.php")["user"] == order.name
    database = site.ask(bench.address, domain, "/db.php")
    assert database["guest"] == "Jürgen ✔"
    assert database["wrong_password"] == "refused"
    assert database["user"] == f"{order.name}@localhost"
    assert set(database["databases"]) == {"information_schema", order.name}

    mailbox = bench.mailbox(domain)
    outside = letter("a@elsewhere.example", mailbox.address, "from outside")
    deliver(bench.address, outside, sender="a@elsewhere.example", recipient=mailbox.address)
    mailbox.wait_for_subject("from outside")
    mailbox.submit(letter(mailbox.address, f"postmaster@{order.technical_name}", "to myself"))
    mailbox.wait_for_subject("to myself")
    forged = letter("x@elsewhere.example", mailbox.address, "forged")
    assert refusal(lambda: mailbox.submit(forged, envelope_from="x@elsewhere.example")) == 553


def everything_is_locked(bench: Bench, order: Order, domain: str) -> None:
    for path in ("/", "/who.php", "/.well-known/ankunft-account"):
        assert fetch(bench.address, domain, path).status == 503
    with pytest.raises(asyncssh.PermissionDenied):
        bench.sftp(order).names()
    mailbox = bench.mailbox(domain)
    assert refusal(lambda: mailbox.submit(letter(mailbox.address, mailbox.address, "locked out"))) == 535
    with pytest.raises(imaplib.IMAP4.error, match=r"(?i)authentication"):
        mailbox.subjects()
    mail = letter("a@elsewhere.example", mailbox.address, "while locked")
    deliver(bench.address, mail, sender="a@elsewhere.example", recipient=mailbox.address)
    with pytest.raises(AssertionError, match="ended with 1"):
        bench.root.run("pgrep", "--uid", order.name)
    with pytest.raises(AssertionError, match="ended with 1"):
        bench.root.run("mariadb", f"--defaults-file=/srv/accounts/{order.name}/.my.cnf", "-e", "SELECT 1")
