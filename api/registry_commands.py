"""Commands for the registry: whether it lets us in, what was said about a domain. Exit 0 done, 1 refused, 2 wrong."""

from __future__ import annotations

import asyncio

import click

from api import settings
from api.commands import AS_JSON, run, show
from api.domains.epp.access import account
from api.domains.epp.record import frames_about
from api.domains.epp.session import LostError, Session, UnreachableError


@click.group("registry")
def registry_group() -> None:
    """The registry that the driver epp talks to."""


@registry_group.command("try")
@AS_JSON
def registry_try(*, as_json: bool) -> None:
    """Log in, list what the registry speaks, and log out."""
    access = settings.load().registry

    async def visit() -> Session:
        session = Session(account(access))
        await session.begin()
        await session.close()
        return session

    try:
        session = asyncio.run(visit())
    except (UnreachableError, LostError) as error:
        raise click.ClickException(str(error)) from error
    services = sorted(session.services)
    said = {"host": access.host, "ahead_s": session.ahead.total_seconds(), "services": services}
    show(said, as_json=as_json, line="\n".join([f"{access.host} lets {access.client_id} in and speaks", *services]))


@registry_group.command("frames")
@click.argument("name")
@AS_JSON
def registry_frames(name: str, *, as_json: bool) -> None:
    """Show what was said about NAME (a domain's A-label, a contact or a host), codes and persons struck out."""
    rows = run(frames_about(name.lower()))
    lines = [
        f"{row['at']:%d.%m. %H:%M:%S}  {row['result']:<5} {row['command']:<24} {row['transaction_id']}" for row in rows
    ]
    show(rows, as_json=as_json, line="\n".join(lines) or f"nothing was said about {name}")
