"""What an operator sets for API, worker and command line: one TOML file and the environment, read once at the entry.

A variable ANKUNFT_<SECTION>_<SETTING> goes before the file; with _FILE at its end it names a file that holds the value,
which is how secrets come. The settings are listed in docs/operations.md.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
Network = IPv4Network | IPv6Network

PREFIX = "ANKUNFT_"
CONFIG = "ANKUNFT_CONFIG"


class SettingsError(Exception):
    """The settings cannot be used; the message names the setting and the repair."""


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
    #: How long a customer waits before a code is sent again.
    resend_after_s: Annotated[int, msgspec.Meta(ge=0)] = 30


class Hosting(Section, frozen=True):
    """What is told to customers about the hosting servers."""

    #: The hoster's own zone; accounts are reached at <account>.<zone> from the first second.
    zone: str
    #: Who registers domains: "none" leaves it to staff, "sandbox" confirms at once and is for labs.
    registrar: Literal["none", "sandbox"] = "none"
    sftp_port: Port = 22


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
    #: Password hashes made at once.
    hashing_threads: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    #: Rounds of SHA-512-crypt. 100,000 take about 70 ms, and SFTP and the mail server repeat them at every login: more
    #: would hand out a lever to stall them.
    hashing_rounds: Annotated[int, msgspec.Meta(ge=5000, le=1_000_000)] = 100_000


class Settings(Section, frozen=True):
    """All settings of the order API."""

    database: Database
    http: Http
    keys: Keys
    mail: Mail
    hosting: Hosting
    catalogue: Folder
    templates: Folder
    sms: Sms = Sms()
    leases: Leases = Leases()
    orders: Orders = Orders()


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the file that ANKUNFT_CONFIG names, and the variables.

    Raises:
        SettingsError: the file is missing, or a setting is unknown, missing or of the wrong kind.
    """
    values, source = _values(environment)
    try:
        settings = msgspec.convert(values, Settings, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{source}: {error}; the settings are listed in docs/operations.md") from error
    _check(settings, source)
    return settings


def database_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return the database's URL alone, or nothing where no settings are named (for `--help` and pure tests).

    Raises:
        SettingsError: the file cannot be read.
    """
    values, _ = _values(environment)
    url = values.get("database", {}).get("url", "")
    return url if isinstance(url, str) else ""


def _values(environment: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    source = environment.get(CONFIG, "")
    values = _file(Path(source)) if source else {}
    for section in msgspec.structs.fields(Settings):
        for setting in msgspec.structs.fields(section.type):
            name = f"{PREFIX}{section.name}_{setting.name}".upper()
            text = _variable(environment, name)
            if text is not None:
                values.setdefault(section.name, {})[setting.name] = text if setting.type is str else _literal(text)
    return values, source or "the environment"


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; name the settings file with --config or {CONFIG}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _variable(environment: Mapping[str, str], name: str) -> str | None:
    if (file := environment.get(f"{name}_FILE")) is not None:
        try:
            return Path(file).read_text(encoding="utf-8").removesuffix("\n")
        except OSError as error:
            raise SettingsError(f"{name}_FILE: {error.strerror}; it has to name a readable file") from error
    return environment.get(name)


def _literal(text: str) -> Any:
    """Read a variable as TOML would read the value (numbers, booleans, arrays), else as text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value.startswith("/"):
        return Path(value)
    raise ValueError("Expected an absolute path")


def _check(settings: Settings, source: str) -> None:
    http, sms = settings.http, settings.sms
    for name, url in (("public_url", http.public_url), ("agent_url", http.agent_url)):
        if not url.startswith(("https://", "http://")) or url.endswith("/"):
            raise SettingsError(f"{source}: [http] {name} begins with https:// or http:// and has no slash at its end")
    try:
        http.proxies  # noqa: B018 (read for its exception)
    except ValueError as error:
        raise SettingsError(f"{source}: [http] trusted_proxies holds networks like 10.0.0.0/24") from error
    if sms.url and "{phone}" not in sms.url:
        raise SettingsError(f"{source}: [sms] url has to say where the number goes, with {{phone}}")
