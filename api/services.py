"""The two commands that stay: the API and its worker."""

from __future__ import annotations

import asyncio

import click

from agent.journal import open_journal
from api import serve as serving
from api import settings
from api import work as working


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
