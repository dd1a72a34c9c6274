"""The sections of the settings file: each one a table, with what each setting means. docs/operations.md lists them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
Network = IPv4Network | IPv6Network


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the settings file."""


class Database(Section, frozen=True):
    """Where the records are."""

    #: `sqlite:////absolute/path` or `postgresql://user@host/name`; a password comes by ANKUNFT_DATABASE_URL_FILE.
    url: str


class Http(Section, frozen=True):
    """How the API is reached."""

    #: As customers and staff write it: the base of every link in an answer or mail.
    public_url: str
    #: As agents write it: the base that their signatures cover.
    agent_url: str
    #: The shop's page for a further order, with {token} in it; empty = the mail names the token alone.
    further_order_url: str = ""
    #: The shop's page of an order, with {cart_id} in it; empty = mails name no address.
    order_page_url: str = ""
    bind: str = "127.0.0.1"
    port: Port = 8080
    #: Only from these addresses is X-Forwarded-For believed.
    trusted_proxies: tuple[str, ...] = ()

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The trusted proxies as networks."""
        return tuple(ip_network(network) for network in self.trusted_proxies)


class Keys(Section, frozen=True):
    """Where `ankunft init` put the keys: 0700, of the service's user, kept apart from the database's backup."""

    folder: Path

    @property
    def master(self) -> Path:
        """32 random bytes; seals data at rest, derives tokens and codes."""
        return self.folder / "master.key"

    @property
    def job_signing(self) -> Path:
        """Ed25519 key whose public half the hosting servers pin."""
        return self.folder / "job-signing.key"


class Mail(Section, frozen=True):
    """The mail server that takes our mail."""

    smtp_host: str
    #: What customers see and answer to.
    sender: str
    #: Who is told of parked jobs and of missing room.
    staff: str
    smtp_port: Port = 25
    smtp_user: str = ""
    #: Comes by ANKUNFT_MAIL_SMTP_PASSWORD_FILE.
    smtp_password: str = ""
    smtp_tls: Literal["none", "starttls", "tls"] = "none"


class Sms(Section, frozen=True):
    """The gateway for short messages, and what it may cost."""

    #: An apprise URL with {phone} in it; empty = SMS is offered to nobody.
    url: str = ""
    countries: tuple[Country, ...] = ("DE", "AT", "CH")
    #: Messages a day; when they are used up, SMS is not offered until the next day (UTC).
    daily_budget: Annotated[int, msgspec.Meta(ge=0)] = 500
    #: Messages a day to one number, over all orders.
    per_number_daily: Positive = 10
    #: How much of the daily budget orders from one neighbourhood of the network (/24, for IPv6 /48) may use up.
    share_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    #: How long a customer waits before a code is sent again; twice as long after each one, up to an hour.
    resend_after_s: Annotated[int, msgspec.Meta(ge=0)] = 30


class Hosting(Section, frozen=True):
    """What is told to customers about the hosting servers."""

    #: The hoster's own zone; accounts are reached at <account>.<zone> from the first second.
    zone: str
    #: Who registers domains: "none" leaves it to staff, "sandbox" confirms at once (for labs), "epp" asks [registry],
    #: "inwx" the reseller of that name.
    registrar: Literal["none", "sandbox", "epp", "inwx"] = "none"
    sftp_port: Port = 22


class Domains(Section, frozen=True):
    """When and how domains are ordered."""

    #: What has to be there before a domain is ordered: the "account" (and its zone), or the "acceptance" alone.
    after: Literal["account", "acceptance"] = "account"
    #: How often the registry's messages are fetched.
    poll_every_s: Annotated[float, msgspec.Meta(ge=0.2, le=3600)] = 20.0
    #: Whether RDAP servers on the internet are asked for names that the registrar knows nothing of.
    rdap: bool = True
    #: Names whose availability one client may ask for in a minute, at each process of the API.
    checks_per_minute: Positive = 30


class Dns(Section, frozen=True):
    """The name servers that keep customers' zones."""

    #: "powerdns" writes zones over its HTTP API; "none" leaves them to staff.
    driver: Literal["none", "powerdns"] = "none"
    api_url: str = ""
    #: Comes by ANKUNFT_DNS_API_KEY_FILE.
    api_key: str = ""
    #: What the registry is told; the first one is named in SOA.
    nameservers: tuple[str, ...] = ()
    #: Who answers for the zones: a mail address without a dot before the @.
    hostmaster: str = ""
    #: Where they are asked before a registry that wants to see a zone is: `address:port`; none = `nameservers`.
    answers_at: tuple[str, ...] = ()
    #: After a transfer: how long caches may hold the former provider's name servers; the new keys (DS) follow then.
    ds_after_s: Annotated[int, msgspec.Meta(ge=0, le=30 * 86_400)] = 172_800


class Folder(Section, frozen=True):
    """A folder of data that is not code."""

    folder: Path


class Leases(Section, frozen=True):
    """How long the agents may be silent."""

    lease_s: Positive = 30
    long_poll_s: Annotated[int, msgspec.Meta(ge=1, le=25)] = 25


class Orders(Section, frozen=True):
    """How long things wait for people."""

    expires_after_days: Positive = 14
    #: How many days before an offer lapses its customer is reminded; empty = never.
    remind_before_days: tuple[Positive, ...] = (7, 2)
    #: How long an order may be in review before staff are told.
    review_alarm_after_hours: Positive = 24
    #: Links for a further order: mailed to one customer a day.
    links_per_customer_daily: Positive = 5
    #: Links for a further order: asked for from one neighbourhood of the network (/24, for IPv6 /48) within an hour.
    links_per_place_hourly: Positive = 20
    #: Orders of new customers from one such neighbourhood within an hour, for each process.
    per_place_hourly: Positive = 100
    #: Orders of new customers that name one mailbox, a day (UTC), for each process.
    per_mailbox_daily: Positive = 10
    #: Password hashes made at once.
    hashing_threads: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    #: Rounds of SHA-512-crypt. 100,000 take about 70 ms, and SFTP and the mail server repeat them at every login: more
    #: would hand out a lever to stall them.
    hashing_rounds: Annotated[int, msgspec.Meta(ge=5000, le=1_000_000)] = 100_000


class SellerFacts(Section, frozen=True):
    """The hoster as it stands on invoices. Nothing is billed before it is filled in."""

    name: str = ""
    #: Who answers questions about an invoice.
    contact: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: Country = "DE"
    email: str = ""
    phone: str = ""
    #: Umsatzsteuer-Identifikationsnummer; a small business may have none and names its tax number.
    vat_id: str = ""
    #: Steuernummer.
    tax_number: str = ""
    iban: str = ""
    bic: str = ""
    #: Gläubiger-Identifikationsnummer; needed to debit accounts.
    creditor_id: str = ""
    #: What the law wants at the foot: register court and number, managing directors.
    legal: str = ""
    #: Small business (Kleinunternehmer, § 19 UStG): no VAT is charged.
    small_business: bool = False
    #: How long customers may take to pay; for a debit the days of its notice.
    payment_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7
    #: IANA name: which day it is when a service begins or an invoice is issued.
    time_zone: str = "Europe/Berlin"

    def __post_init__(self) -> None:
        """Take numbers of banks as paper shows them, too: in groups, with spaces between."""
        for name in ("iban", "bic", "creditor_id"):
            msgspec.structs.force_setattr(self, name, getattr(self, name).replace(" ", "").upper())


class Returns(Section, frozen=True):
    """Where signed contracts come back to; `ankunft receive` takes the mails."""

    #: Mail address on the contract, and the one whose mail is taken; empty = none is.
    address: str = ""
    #: Mail address that the fax gateway sends to; empty = none.
    fax_address: str = ""
    #: Telephone number on the contract.
    fax: str = ""
    bind: str = "127.0.0.1"
    port: Port = 2424
    #: Mails taken at once.
    connections: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    max_mail_mib: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20
    #: Documents read at once by a worker, each in a process of its own.
    readers: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    #: How much may be kept that nobody approved; beyond that mails stay with the mail server (452).
    most_waiting_mib: Annotated[int, msgspec.Meta(ge=1)] = 2048
    #: How long a rejected document is kept.
    keep_rejected_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 90


class Risk(Section, frozen=True):
    """Whom the risk check may ask, and how patient it is. The rules are data of the catalogue."""

    #: DNS resolvers, as `address` or `address:port`; none = nobody is asked whether a mail domain takes mail.
    resolvers: tuple[str, ...] = ()
    #: A MaxMind database (country or city) of your own; none = no points for countries of IP addresses.
    country_database: Path | None = None
    #: VIES or a service of its form, with {country} and {number} in it; empty = VAT numbers are checked by form alone.
    vies_url: str = ""
    #: How long one source is waited for.
    source_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=10)] = 1.0
    #: Multiplies the limits of the rules that say `over`; 1 for production, more for labs.
    limits_factor: Positive = 1
    #: How long the digests that count repetitions are kept, where no contract came of the order.
    traces_days: Positive = 90
