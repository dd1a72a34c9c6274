"""What staff have the registry do with a domain: object to a transfer, let one go, take ours back, renew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from api.domains import decisions, registration, trades
from api.domains.desk import Desk
from api.domains.registrar import NotTakenError, Refused, RegistrarUnavailableError
from api.lifecycle import DomainState, IllegalMoveError

SAID_THEN: Mapping[tuple[DomainState, str], str] = MappingProxyType({
    (DomainState.LEAVING, "reject"): "kept",
    (DomainState.LEAVING, "approve"): "left",
    (DomainState.PENDING, "cancel"): "cancel",
    (DomainState.EXPIRING, "renew"): "released",
})  # fmt: skip
"""State and instruction → what became of the domain once the registry followed (`decisions.RESOLUTIONS`)."""

EVERYTHING = sorted({*decisions.RESOLUTIONS, *(how for _, how in SAID_THEN)})
"""What staff may say of a domain, or have done with it."""

RENEWED_BEFORE = timedelta(days=60)
"""What expires later was renewed already."""


async def carry_out(desk: Desk, name: str, how: str, *, actor: str) -> DomainState:
    """Have the registry do *how* with the domain *name* (A-label), or take staff's word for it; return its new state.

    Raises:
        NoDomainError: no accepted order holds it.
        IllegalMoveError: that does not fit the state it is in, or the registry did not do it.
    """
    row = await registration.held(name)
    then = SAID_THEN.get((DomainState(row["state"]), how))
    if then is None and how not in decisions.RESOLUTIONS:
        raise IllegalMoveError(f"{how} does not fit a domain that is {row['state']}")
    if then is not None:
        try:
            await _instruct(desk, row, how)
        except (RegistrarUnavailableError, NotTakenError) as error:
            raise IllegalMoveError(str(error)) from error
    return await decisions.resolve(name, then or how, desk.refresh, actor=actor)


async def _instruct(desk: Desk, row: Mapping[str, Any], how: str) -> None:
    match how:
        case "renew":
            await desk.registrar.renew(row["name"], datetime.now(UTC) + RENEWED_BEFORE)
        case "cancel":
            await _take_back(desk, row)
        case _:
            await desk.registrar.answer(row["name"], agree=how == "approve")


async def _take_back(desk: Desk, row: Mapping[str, Any]) -> None:
    stored = await trades.open_trade(row["id"])
    if stored is None:
        return
    outcome = await desk.registrar.cancel(await trades.trade_of(stored, row, desk.equipment))
    if not isinstance(outcome, Refused):
        raise NotTakenError(f"the registry did not take it back: it is {type(outcome).__name__.lower()}")
