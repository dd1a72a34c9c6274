"""What an operator sets for API, worker and command line: one TOML file and the environment, read once at the entry.

A variable ANKUNFT_<SECTION>_<SETTING> goes before the file; with _FILE at its end it names a file that holds the value,
which is how secrets come. The settings are listed in docs/operations.md.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import msgspec
from stdnum import bic, iban
from stdnum.eu import at_02

from api.books import Bookkeeping
from api.registrar_access import InwxAccess, RegistryAccess
from api.sections import (
    Database,
    Dns,
    Domains,
    Folder,
    Hosting,
    Http,
    Keys,
    Leases,
    Mail,
    Network,
    Orders,
    Returns,
    Risk,
    Section,
    SellerFacts,
    Sms,
)

__all__ = [
    "CONFIG", "Database", "Dns", "Domains", "Folder", "Hosting", "Http", "InwxAccess", "Keys", "Leases", "Mail",
    "Network", "Orders", "RegistryAccess", "Returns", "Risk", "Section", "SellerFacts", "Settings", "SettingsError",
    "Sms", "database_url", "load",
]  # fmt: skip

PREFIX = "ANKUNFT_"
CONFIG = "ANKUNFT_CONFIG"


class SettingsError(Exception):
    """The settings cannot be used; the message names the setting and the repair."""


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
    domains: Domains = Domains()
    dns: Dns = Dns()
    seller: SellerFacts = SellerFacts()
    bookkeeping: Bookkeeping = Bookkeeping()
    returns: Returns = Returns()
    risk: Risk = Risk()
    registry: RegistryAccess = RegistryAccess()
    inwx: InwxAccess = InwxAccess()


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
    dns = settings.dns
    if dns.driver == "powerdns" and not (dns.api_url and dns.api_key and dns.nameservers and dns.hostmaster):
        raise SettingsError(f"{source}: [dns] driver powerdns needs api_url, api_key, nameservers and hostmaster")
    for name, url, blanks in (
        ("[risk] vies_url", settings.risk.vies_url, ("{country}", "{number}")),
        ("[http] further_order_url", http.further_order_url, ("{token}",)),
        ("[http] order_page_url", http.order_page_url, ("{cart_id}",)),
        ("[sms] url", sms.url, ("{phone}",)),
    ):
        if url and not all(blank in url for blank in blanks):
            raise SettingsError(f"{source}: {name} has to say where {' and '.join(blanks)} go")
    _check_registrar(settings, source)
    _check_seller(settings, source)


def _check_seller(settings: Settings, source: str) -> None:
    seller = settings.seller
    for name, what, is_valid in (
        ("iban", "IBAN", iban.is_valid),
        ("bic", "BIC", bic.is_valid),
        ("creditor_id", "creditor id of SEPA", at_02.is_valid),
    ):
        if (value := getattr(seller, name)) and not is_valid(value):
            raise SettingsError(f"{source}: [seller] {name} is no {what}; look for a slip")
    if seller.time_zone not in available_timezones():
        raise SettingsError(f"{source}: [seller] time_zone is an IANA name like Europe/Berlin")


def _check_registrar(settings: Settings, source: str) -> None:
    registry = settings.registry
    if settings.hosting.registrar == "epp" and not (registry.host and registry.client_id and registry.password):
        raise SettingsError(f'{source}: [hosting] registrar = "epp" needs [registry] host, client_id and password')
    if settings.hosting.registrar == "inwx" and not (settings.inwx.user and settings.inwx.password):
        raise SettingsError(f'{source}: [hosting] registrar = "inwx" needs [inwx] user and password')
    if (registry.certificate is None) != (registry.key is None):
        raise SettingsError(f"{source}: [registry] certificate and key belong together")
