"""A usable account: where it is and what opens it, from the status page alone."""

from dataclasses import dataclass
from typing import Any

from tests.customer.form import Person
from tests.customer.mailprogram import Mailbox
from tests.customer.sftp import Sftp


@dataclass(frozen=True, slots=True)
class Account:
    """What the page of an ACTIVE order says, ready to be used."""

    name: str
    #: Which server serves what, by its IPv4 address.
    hosts: dict[str, str]
    sftp: Sftp
    mailbox: Mailbox
    database: str
    #: The names under which the web shows the account.
    web: tuple[str, ...]


def account_of(page: dict[str, Any], who: Person) -> Account:
    """Read the `account` of an ACTIVE order's status *page*; *who* knows the password."""
    account = page["account"]
    sftp, mail = account["sftp"], account["mail"]
    return Account(
        name=account["name"],
        hosts=account["hosts"],
        sftp=Sftp(sftp["host"], sftp["port"], sftp["user"], who.password),
        mailbox=Mailbox(
            imap=(mail["imap"]["host"], mail["imap"]["port"]),
            smtp=(mail["smtp"]["host"], mail["smtp"]["port"]),
            address=mail["address"],
            password=who.password,
        ),
        database=account["database"]["name"],
        web=tuple(account["web"]),
    )
