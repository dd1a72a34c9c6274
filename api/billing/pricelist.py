"""The price list: every version of a tariff that was ever on sale, filed and never changed.

`ankunft catalogue load` files what the catalogue's files say, after it showed what that changes. The worker files what
is on sale before anybody did so, and a sale that comes before both files its version itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from api.billing.tables import TariffVersion
from api.catalogue import Catalogue, CatalogueError, Tariff
from api.engine.conflicts import is_conflict
from api.piccolo_conf import DB

log = logging.getLogger("ankunft.billing")


class News(NamedTuple):
    """A version that is not filed yet, and how it differs from the one before."""

    tariff: str
    version: int
    #: Lines like `addons.webspace.price_cents: 249 → 299`.
    changes: Sequence[str]


class Filed(NamedTuple):
    """A version of a tariff, as contracts refer to it."""

    id: int
    tariff: Tariff


async def news(catalogue: Catalogue) -> list[News]:
    """Return what of *catalogue* is not filed yet.

    Raises:
        CatalogueError: a tariff was changed under the same version, or has an older one than was filed.
    """
    found = []
    for name, tariff in catalogue.tariffs.items():
        newest = (
            await TariffVersion.select()
            .where(TariffVersion.tariff == name)
            .order_by(TariffVersion.version, ascending=False)
            .first()
        )
        if newest is None:
            found.append(News(name, tariff.version, [f"new, {tariff.price_cents} cents a month"]))
            continue
        changes = differences(msgspec.json.decode(newest["content"]), msgspec.json.decode(_canonical(tariff)))
        if tariff.version < newest["version"]:
            raise CatalogueError(
                f"{name}.toml has version {tariff.version}, but version {newest['version']} was filed: go on from there"
            )
        if tariff.version > newest["version"]:
            found.append(News(name, tariff.version, changes))
        elif changes:
            raise CatalogueError(
                f"{name}.toml differs from its filed version {tariff.version}: raise the version ({'; '.join(changes)})"
            )
    return found


async def file(catalogue: Catalogue, wanted: Sequence[News]) -> None:
    """File the versions *wanted*, all or none.

    Raises:
        CatalogueError: somebody else filed one meanwhile.
    """
    try:
        async with DB.transaction():
            for item in wanted:
                await _insert(item.tariff, catalogue.tariffs[item.tariff])
    except Exception as error:
        if is_conflict(error):
            raise CatalogueError("the catalogue was loaded by somebody else meanwhile; look again") from error
        raise


async def keep(catalogue: Catalogue) -> int:
    """File the versions that are on sale by now and that nobody filed; return how many.

    Orders name them: a contract has to find its own, whatever the files say when it is accepted.
    """
    filed = 0
    for name, tariff in catalogue.tariffs.items():
        row = await _find(name, tariff.version)
        if row is None:
            await _insert(name, tariff)
            filed += 1
        elif row["content"] != _canonical(tariff):
            log.error("%s.toml differs from its filed version %d, which is what contracts get", name, tariff.version)
    return filed


async def sold(catalogue: Catalogue, name: str, version: int) -> Filed:
    """Return *version* of tariff *name* for a contract, in the caller's transaction; file it if nobody did.

    Raises:
        CatalogueError: it is neither filed nor in the catalogue.
    """
    row = await _find(name, version)
    if row is None:
        tariff = catalogue.tariffs.get(name)
        if tariff is None or tariff.version != version:
            raise CatalogueError(f"version {version} of tariff {name} is not filed; file it: ankunft catalogue load")
        await _insert(name, tariff)
        row = await _find(name, version)
    assert row is not None
    return Filed(int(row["id"]), msgspec.json.decode(row["content"], type=Tariff))


def differences(before: Any, after: Any, at: str = "") -> list[str]:
    """Return a line for each value that differs between two decoded JSON values; add-ons are compared by key."""
    before, after = _by_key(before), _by_key(after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [*before, *(name for name in after if name not in before)]
        return [
            line
            for name in names
            if not (not at and name == "version")
            for line in differences(before.get(name), after.get(name), f"{at}.{name}" if at else name)
        ]
    return [] if before == after else [f"{at}: {_said(before)} → {_said(after)}"]


def _by_key(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(item, dict) and "key" in item for item in value):
        return {item["key"]: item for item in value}
    return value


def _said(value: Any) -> str:
    return "nothing" if value is None or value == [] else msgspec.json.encode(value).decode()


def _canonical(tariff: Tariff) -> str:
    return msgspec.json.encode(tariff, order="deterministic").decode()


async def _find(name: str, version: int) -> dict[str, Any] | None:
    query = TariffVersion.select().where(TariffVersion.tariff == name, TariffVersion.version == version)
    return await query.first()


async def _insert(name: str, tariff: Tariff) -> None:
    """Insert a version; where a sale is filing the same one at this moment, the first one is kept."""
    await TariffVersion.insert(
        TariffVersion(tariff=name, version=tariff.version, content=_canonical(tariff), filed_at=datetime.now(UTC))
    ).on_conflict((TariffVersion.tariff, TariffVersion.version), "DO NOTHING")
