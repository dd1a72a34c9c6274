"""Commands for domains: see them, vouch, retry, resolve, keep zones. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

import click
import idna

from api import settings
from api.activation.changed import domains_changed
from api.catalogue import load
from api.commands import AS_JSON, OPERATOR, run, show
from api.console import domains
from api.domains import decisions, instructions, registration
from api.domains.desk import Desk, Refresh
from api.domains.drivers import DRIVERS
from api.domains.zones import keeping
from api.equipment import equip
from api.identity import NotThereError
from api.lifecycle import DomainState, IllegalMoveError

T = TypeVar("T")


def label(_: click.Context, __: click.Parameter, value: str) -> str:
    """Return the A-label of a domain in either spelling."""
    try:
        return idna.encode(value, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError as error:
        raise click.BadParameter("this is no domain name") from error


NAME = click.argument("name", callback=label)


@click.group("domain")
def domain_group() -> None:
    """Domains of accepted orders."""


@domain_group.command("list")
@click.option("--state", type=click.Choice(list(DomainState)), help="Those in this state, instead of all that wait.")
@AS_JSON
def domain_list(state: str | None, *, as_json: bool) -> None:
    """List the domains that are not with us yet, the longest waiting first."""
    found = run(domains.entries(None if state is None else DomainState(state))).domains
    lines = [
        f"{row.state:<16} {row.action:<9} {row.changed_at:%d.%m. %H:%M}  {row.unicode:<30} {row.reason or ''}".rstrip()
        for row in found
    ]
    show(found, as_json=as_json, line="\n".join(lines) or "every domain is confirmed")


@domain_group.command("show")
@NAME
@AS_JSON
def domain_show(name: str, *, as_json: bool) -> None:
    """Show all of NAME: history, what was sent to the registry, what it said, zone. No auth code."""
    seen = _told(domains.view(name, load(settings.load().catalogue.folder).registries))
    here = seen.domain
    lines = [f"{here.unicode} ({here.name}): {here.action}, {here.state}, order {here.cart_id}"]
    lines += [
        f"  {row.at:%d.%m. %H:%M:%S}  {row.event:<16} {row.state_after or '':<16} {row.actor}" for row in seen.history
    ]
    lines += [
        f"  sent {row.sent_at or 'not yet'} as {row.transaction_id}: {row.outcome or 'open'}"
        f" {row.reason or ''} {row.words}"
        for row in seen.trades
    ]
    lines += [
        f"  message {row.message_id} of {row.registry}: {row.kind}, {row.result}. {row.words}" for row in seen.messages
    ]
    if seen.zone is not None:
        delegated = "at the registry" if seen.zone.is_delegated else "not at the registry"
        ds = ", ".join(f"{ds.key_tag} {ds.algorithm} {ds.digest_type} {ds.digest}" for ds in seen.zone.ds)
        lines.append(f"  zone: DS {ds or 'none'} ({delegated}) {seen.zone.problem or ''}".rstrip())
    registry = seen.registry
    price = registry.transfer_cents if here.action == "transfer" else registry.register_cents
    lines.append(
        f"  {registry.name}: {here.action} {price / 100:.2f}, renewal {registry.renew_cents / 100:.2f} a year, net;"
        f" transfers are {registry.transfer}; auth codes: {registry.auth_code}"
    )
    show(seen, as_json=as_json, line="\n".join(lines))


@domain_group.command("vouch")
@NAME
@AS_JSON
def domain_vouch(name: str, *, as_json: bool) -> None:
    """Confirm that NAME is registered for, or transferred to, its customer: its mail is switched on."""
    _moved(name, _told(decisions.vouch(name, _refresh(), actor=OPERATOR)), as_json=as_json)


@domain_group.command("retry")
@NAME
@AS_JSON
def domain_retry(name: str, *, as_json: bool) -> None:
    """Have NAME ordered again; what is unclear is looked up before anything is sent."""
    _moved(name, _told(decisions.resolve(name, "retry", _refresh(), actor=OPERATOR)), as_json=as_json)


@domain_group.command("resolve")
@NAME
@click.argument("how", type=click.Choice(instructions.EVERYTHING))
@AS_JSON
def domain_resolve(name: str, how: str, *, as_json: bool) -> None:
    """Say what became of NAME, or have the registry do something with it.

    The registry is asked to reject or approve a transfer away, to cancel a pending transfer to us, to renew what
    expires; all else is your word for what it did.
    """
    _moved(name, _told(_instruct(name, how)), as_json=as_json)


@domain_group.command("zone")
@NAME
@AS_JSON
def domain_zone(name: str, *, as_json: bool) -> None:
    """Have the zone of NAME written anew, and handed to the registry again, whatever it holds."""
    if not run(keeping.rewrite(name)):
        raise click.ClickException(f"we keep no zone {name}")
    show({"name": name}, as_json=as_json, line=f"the zone {name} is written anew")


@domain_group.command("messages")
@click.option("--unclear", is_flag=True, help="Those that wait for a person.")
@AS_JSON
def domain_messages(*, unclear: bool, as_json: bool) -> None:
    """List what registries said, the newest first."""
    found = run(domains.messages(result="UNCLEAR" if unclear else None)).messages
    lines = [
        f"{row.taken_at:%d.%m. %H:%M} {row.result:<8} {row.message_id} {row.kind:<12} {row.name or '-'} {row.words}"
        for row in found
    ]
    show(found, as_json=as_json, line="\n".join(lines) or "no registry has said anything")


@domain_group.command("noted")
@click.argument("message")
@AS_JSON
def domain_noted(message: str, *, as_json: bool) -> None:
    """Say that an unclear MESSAGE of a registry (its id) is seen to."""
    _told(decisions.note(message, actor=OPERATOR))
    show({"message": message}, as_json=as_json, line=f"the message {message} is seen to")


async def _instruct(name: str, how: str) -> DomainState:
    equipment = equip(settings.load())
    registrar = DRIVERS[equipment.settings.hosting.registrar](equipment)
    try:
        desk = Desk(registrar, equipment, partial(domains_changed, equipment))
        return await instructions.carry_out(desk, name, how, actor=OPERATOR)
    finally:
        await registrar.close()


def _refresh() -> Refresh:
    return partial(domains_changed, equip(settings.load()))


def _moved(name: str, state: DomainState, *, as_json: bool) -> None:
    show({"name": name, "state": state}, as_json=as_json, line=f"{name} is {state}")


def _told(work: Coroutine[Any, Any, T]) -> T:
    """Run *work*; what it refuses is told, with exit code 1."""
    try:
        return run(work)
    except (registration.NoDomainError, IllegalMoveError, NotThereError) as error:
        raise click.ClickException(str(error)) from error
