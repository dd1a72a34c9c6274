"""What is on sale: tariffs, terms, the characters of domains. The hoster's data in files, read once at start."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from api.registries import Registries, Registry, by_tld

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


class Letters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a registry lets a label hold beside a–z, 0–9 and the hyphen."""

    #: Every character, where the registry has a short list.
    characters: str = ""
    #: Writing systems, as Unicode names its characters; one label never mixes them.
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


def load(folder: Path) -> Catalogue:
    """Read the catalogue below *folder*.

    Raises:
        CatalogueError: a file is missing, is no TOML, or says what cannot be.
    """
    tariffs = {file.stem: _read(file, Tariff) for file in sorted((folder / "tariffs").glob("*.toml"))}
    terms = {version.name: _terms(version) for version in sorted((folder / "terms").glob("[0-9]*"))}
    if not tariffs or not terms:
        raise CatalogueError(f"{folder} holds no tariffs or no terms; [catalogue] folder has to name a catalogue")
    return Catalogue(
        tariffs=MappingProxyType(tariffs),
        terms_version=max(terms),
        terms=MappingProxyType(terms),
        letters=MappingProxyType(_read(folder / "domains.toml", dict[str, Letters])),
        registries=_registries(folder / "registries"),
    )


def _registries(folder: Path) -> Registries:
    try:
        return by_tld(_read(file, Registry) for file in sorted(folder.glob("*.toml")))
    except ValueError as error:
        raise CatalogueError(f"{folder}: {error}") from error


def _terms(folder: Path) -> dict[str, str]:
    try:
        return {language: (folder / f"{language}.txt").read_text(encoding="utf-8") for language in LANGUAGES}
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{folder} needs the terms as UTF-8 text in {', '.join(LANGUAGES)}: {error}") from error


def _read(file: Path, kind: type[T]) -> T:
    try:
        values: Any = tomllib.loads(file.read_text(encoding="utf-8"))
        return msgspec.convert(values, kind)
    except OSError as error:
        raise CatalogueError(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise CatalogueError(f"{file}: {error}; docs/operations.md says what a catalogue holds") from error
