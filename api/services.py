"""The three commands that stay: the API, its worker, and the door for contracts that come back by mail."""

from __future__ import annotations

import asyncio

import click

from agent.journal import open_journal
from api import serve as serving
from api import settings
from api import work as working
from api.activation.contracts import lmtp
from api.equipment import equip


@click.command()
def serve() -> None:
    """Serve the API until SIGTERM."""
    open_journal()
    asyncio.run(serving.serve(settings.load()))


@click.command()
def work() -> None:
    """Check orders, send mail and short messages, watch leases and registrars until SIGTERM."""
    open_journal()
    asyncio.run(working.work(settings.load()))


@click.command()
def receive() -> None:
    """Take mails with signed contracts from your mail server (LMTP) until SIGTERM."""
    open_journal()
    here = settings.load()
    if not here.returns.address:
        raise click.ClickException("[returns] address is not set; nobody's mail would be taken")
    asyncio.run(lmtp.receive(equip(here)))
