"""The job as the roles read it: which account shall be in which state on which host.

It is the payload of the spool's job file (schema 1). What the tariff or the customer wrote is only ever data
here: names and numbers of a fixed form, and a password's hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import RefusedError
from .shape import Fields, read_object

SERVICES = ("web", "database", "mail")
STATES = ("present", "suspended", "absent")
UID_OFFSET = 1_900_000_000

_HEX_ID = re.compile(r"[0-9a-f]{32}")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"a[1-9][0-9]{3,9}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
_HASH = re.compile(r"\$6\$(?:rounds=[0-9]{4,7}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|\+00:00)")
_LONGEST_DOMAIN = 253


@dataclass(frozen=True)
class Limits:
    """What the tariff grants."""

    web_space_mib: int
    mailboxes: int
    databases: int
    php_memory_mib: int
    php_processes: int


@dataclass(frozen=True)
class Domain:
    """A domain of the order as an A-label; *mail* once its registration or transfer is confirmed."""

    name: str
    mail: bool


@dataclass(frozen=True)
class Account:
    """The account as it shall be. *name* and *uid* belong together and are never used for another one."""

    id: str
    name: str
    uid: int
    state: str
    services: tuple[str, ...]
    technical_name: str
    domains: tuple[Domain, ...]
    password_hash: str
    limits: Limits

    @property
    def web_names(self) -> list[str]:
        """The names that the web serves: the technical one, each domain, and www. before it where that fits."""
        names = {self.technical_name}
        for domain in self.domains:
            names.add(domain.name)
            if len(domain.name) + len("www.") <= _LONGEST_DOMAIN:
                names.add(f"www.{domain.name}")
        return sorted(names)

    @property
    def mail_domains(self) -> list[str]:
        """The names that mail is taken for: the technical one, and each domain that is known to be the customer's."""
        return sorted({self.technical_name} | {domain.name for domain in self.domains if domain.mail})

    @property
    def mail_addresses(self) -> list[str]:
        """The addresses of the account's mailbox; each is a login of its own."""
        return [f"postmaster@{name}" for name in self.mail_domains]


@dataclass(frozen=True)
class Job:
    """An account and the host (its name in the inventory) that it shall be on."""

    host: str
    account: Account


def parse_job(text: bytes) -> Job:
    """Read a job from its JSON.

    Raises:
        RefusedError: it is not a job of schema 1. The message names the field, not its value.
    """
    if text.startswith(b"ankunft-job-"):
        raise RefusedError("the job file is the signed one: give its payload alone, all that follows the first line")
    fields = read_object(text, "the job")
    fields.number("schema", 1, 1)
    fields.text("job_id", _HEX_ID)
    fields.number("attempt", 1, 2**63)
    fields.number("epoch", 1, 2**63)
    host = fields.text("host", _HOST)
    fields.text("issued_at", _TIME)
    fields.text("not_after", _TIME)
    account = _read_account(fields.fields("account"))
    fields.done()
    return Job(host, account)


def _read_account(fields: Fields) -> Account:
    account = Account(
        id=fields.text("id", _HEX_ID),
        name=fields.text("name", _NAME),
        uid=fields.number("uid", UID_OFFSET, 2**31 - 2),
        state=fields.choice("state", STATES),
        services=fields.items("services", len(SERVICES), _read_service),
        technical_name=fields.text("technical_name", _DOMAIN, longest=_LONGEST_DOMAIN),
        domains=fields.items("domains", 100, _read_domain),
        password_hash=fields.text("password_hash", _HASH),
        limits=_read_limits(fields.fields("limits")),
    )
    fields.done()
    if account.uid != UID_OFFSET + int(account.name[1:]):
        raise RefusedError("the job: account: uid is not the one that belongs to name")
    if not account.services or len(set(account.services)) < len(account.services):
        raise RefusedError("the job: account: services is empty or names one twice")
    if len({domain.name for domain in account.domains}) < len(account.domains):
        raise RefusedError("the job: account: domains names one twice")
    return account


def _read_service(value: object, where: str) -> str:
    return Fields({"service": value}, where).choice("service", SERVICES)


def _read_domain(value: object, where: str) -> Domain:
    fields = Fields(value, where)
    domain = Domain(fields.text("name", _DOMAIN, longest=_LONGEST_DOMAIN), fields.flag("mail"))
    fields.done()
    return domain


def _read_limits(fields: Fields) -> Limits:
    limits = Limits(
        web_space_mib=fields.number("web_space_mib", 1, 1_000_000),
        mailboxes=fields.number("mailboxes", 0, 10_000),
        databases=fields.number("databases", 0, 1_000),
        php_memory_mib=fields.number("php_memory_mib", 16, 4_096),
        php_processes=fields.number("php_processes", 1, 64),
    )
    fields.done()
    return limits
