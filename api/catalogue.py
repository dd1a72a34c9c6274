"""What is on sale: tariffs, terms, the characters of domains. The hoster's data in files, read once at start."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from api.registries import Registries, Registry, by_tld
from api.ruleset import RuleSet

LANGUAGES = ("de", "en")
Language = Literal["de", "en"]
Count = Annotated[int, msgspec.Meta(ge=0)]
T = TypeVar("T")


class CatalogueError(Exception):
    """A file of the catalogue cannot be used; the message names it and the repair."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account of the tariff may use; goes to the hosting server as it is."""

    web_space_mib: Count
    mailboxes: Count
    databases: Count
    php_memory_mib: Count
    php_processes: Count


class Addon(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An internal add-on: what a service entry (*Leistungseintrag*) is made from. Customers do not choose it.

    Its version is its tariff's.
    """

    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
    name: dict[Language, str]
    #: `month` goes on until the contract ends, `once` is a fee.
    unit: Literal["month", "once"] = "month"
    #: Gross, a unit; for `per = "domain"` for each of them.
    price_cents: Count
    #: The tariff's, where it is left out.
    vat_percent: Count | None = None
    #: How many months are billed ahead; the order's choice, where it is left out.
    interval_months: Literal[1, 3, 6, 12] | None = None
    #: `order` begins with the acceptance, `domain` for each domain on the day it is registered or transferred.
    per: Literal["order", "domain"] = "order"
    #: For contracts that begin from this day on.
    valid_from: date | None = None
    #: For contracts that begin before this day.
    valid_until: date | None = None

    def is_for(self, day: date) -> bool:
        """Return whether a contract that begins on *day* has it."""
        return (self.valid_from or date.min) <= day < (self.valid_until or date.max)


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tariff (*Tarif*)."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    name: dict[Language, str]
    offered: bool
    pool: str
    price_cents: Count
    vat_percent: Count
    billing_intervals_months: tuple[Literal[1, 3, 6, 12], ...]
    #: Most domains of one order.
    domains: Annotated[int, msgspec.Meta(ge=1, le=100)]
    limits: Limits
    #: What the service entries are made from; without any, one of the tariff's own name and price.
    addons: tuple[Addon, ...] = ()

    def parts(self, day: date) -> tuple[Addon, ...]:
        """Return the add-ons of a contract that begins on *day*."""
        whole = Addon(key="tariff", name=self.name, price_cents=self.price_cents)
        return tuple(addon for addon in self.addons or (whole,) if addon.is_for(day))

    def fees_cents(self, day: date) -> int:
        """Return what an order that begins on *day* is charged once."""
        return sum(part.price_cents for part in self.parts(day) if part.unit == "once" and part.per == "order")


class Letters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a registry lets a label hold beside digits and the hyphen."""

    #: Every character beside a–z; where there are none, the writing systems decide.
    characters: str = ""
    #: As Unicode names its characters; one label never mixes them.
    scripts: tuple[str, ...] = ("LATIN",)


class Catalogue(msgspec.Struct, frozen=True):
    """All of it."""

    tariffs: Mapping[str, Tariff]
    #: The newest terms (*AGB*): those that an order accepts.
    terms_version: str
    #: Version → language → text.
    terms: Mapping[str, Mapping[str, str]]
    letters: Mapping[str, Letters]
    #: What the registries demand.
    registries: Registries
    #: The rules of the risk check.
    risk: RuleSet


def load(folder: Path) -> Catalogue:
    """Read the catalogue below *folder*.

    Raises:
        CatalogueError: a file is missing, is no TOML, or says what cannot be.
    """
    tariffs = {file.stem: read(file, Tariff) for file in sorted((folder / "tariffs").glob("*.toml"))}
    terms = {version.name: _terms(version) for version in sorted((folder / "terms").glob("[0-9]*"))}
    for name, tariff in tariffs.items():
        _add_up(folder / "tariffs" / f"{name}.toml", tariff)
    if not tariffs or not terms:
        raise CatalogueError(f"{folder} holds no tariffs or no terms; [catalogue] folder has to name a catalogue")
    return Catalogue(
        tariffs=MappingProxyType(tariffs),
        terms_version=max(terms),
        terms=MappingProxyType(terms),
        letters=MappingProxyType(read(folder / "domains.toml", dict[str, Letters])),
        registries=_registries(folder / "registries"),
        risk=read(folder / "risk.toml", RuleSet),
    )


def _registries(folder: Path) -> Registries:
    try:
        return by_tld(read(file, Registry) for file in sorted(folder.glob("*.toml")))
    except ValueError as error:
        raise CatalogueError(f"{folder}: {error}") from error


def _add_up(file: Path, tariff: Tariff) -> None:
    """Hold the sum of the monthly add-ons against the price that customers are told, on every day it may change."""
    keys = [addon.key for addon in tariff.addons]
    if len(set(keys)) < len(keys):
        raise CatalogueError(f"{file}: two add-ons have the same key")
    bounds = [bound for addon in tariff.addons for bound in (addon.valid_from, addon.valid_until) if bound]
    for day in (date.min, *bounds):
        monthly = [part for part in tariff.parts(day) if part.unit == "month" and part.per == "order"]
        if (total := sum(part.price_cents for part in monthly)) != tariff.price_cents:
            since = f" from {day} on" if day > date.min else ""
            raise CatalogueError(f"{file}: the monthly add-ons add up to {total}{since}, price_cents says otherwise")


def _terms(folder: Path) -> dict[str, str]:
    try:
        return {language: (folder / f"{language}.txt").read_text(encoding="utf-8") for language in LANGUAGES}
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{folder} needs the terms as UTF-8 text in {', '.join(LANGUAGES)}: {error}") from error


def read(file: Path, kind: type[T]) -> T:
    """Return what *file* says, as a *kind*.

    Raises:
        CatalogueError: it is missing, is no TOML, or says what cannot be.
    """
    try:
        values: Any = tomllib.loads(file.read_text(encoding="utf-8"))
        return msgspec.convert(values, kind)
    except OSError as error:
        raise CatalogueError(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise CatalogueError(f"{file}: {error}; docs/operations.md says what a catalogue holds") from error
