"""Commands for the registry: whether it lets us in, what was said about a domain. Exit 0 done, 1 refused, 2 wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from api import settings
from api.commands import AS_JSON, OPERATOR, run, show
from api.domain_commands import label
from api.domains.epp.access import account
from api.domains.epp.record import frames_about, recorder
from api.domains.epp.release import release
from api.domains.epp.session import LostError, Session, UnreachableError
from api.engine import opened
from api.piccolo_conf import DB

T = TypeVar("T")


def _label(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Return the A-label of a domain in either spelling; ids of contacts stay as they are."""
    return value.lower() if value.isascii() else label(context, parameter, value)


NAME = click.argument("name", callback=_label)


@click.group("registry")
def registry_group() -> None:
    """The registry that the driver epp talks to."""


@registry_group.command("try")
@AS_JSON
def registry_try(*, as_json: bool) -> None:
    """Log in, list what the registry speaks, and log out."""
    access = settings.load().registry

    session = Session(account(access))

    async def visit() -> None:
        await session.begin()
        await session.close()

    _talk(visit())
    services = sorted(session.services)
    said = {"host": access.host, "ahead_s": session.ahead.total_seconds(), "services": services}
    show(said, as_json=as_json, line="\n".join([f"{access.host} lets {access.client_id} in and speaks", *services]))


@registry_group.command("frames")
@NAME
@AS_JSON
def registry_frames(name: str, *, as_json: bool) -> None:
    """Show what was said about NAME (a domain, a contact or a host), codes and persons struck out."""
    rows = run(frames_about(name))
    lines = [
        f"{row['at']:%d.%m. %H:%M:%S}  {row['result']:<5} {row['command']:<24} {row['transaction_id']}" for row in rows
    ]
    show(rows, as_json=as_json, line="\n".join(lines) or f"nothing was said about {name}")


@registry_group.command("code")
@NAME
@AS_JSON
def registry_code(name: str, *, as_json: bool) -> None:
    """Set a new auth code for NAME, for a customer who moves away, and print it, this once."""
    access = settings.load().registry
    session = Session(account(access), recorder(access.name))

    async def visit() -> str:
        async with opened(DB):
            try:
                return await release(session, name, actor=OPERATOR)
            finally:
                await session.close()

    code = _talk(visit())
    show({"name": name, "auth_code": code}, as_json=as_json, line=code)


def _talk(work: Coroutine[Any, Any, T]) -> T:
    """Do what needs a session, and tell the operator why there is none."""
    try:
        return asyncio.run(work)
    except (UnreachableError, LostError) as error:
        raise click.ClickException(str(error)) from error
