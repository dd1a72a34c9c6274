"""`ankunft`: the operator's command. Each of its commands is loaded when it is called, after --config was read."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType

import click

from api.catalogue import CatalogueError
from api.engine import DatabaseUrlError
from api.lifecycle import IllegalMoveError
from api.seal import KeyFileError
from api.settings import CONFIG, SettingsError

COMMANDS: Mapping[str, str] = MappingProxyType({
    "init": "api.commands:init",
    "migrate": "api.commands:migrate",
    "check-config": "api.commands:check_config",
    "serve": "api.services:serve",
    "work": "api.services:work",
    "receive": "api.services:receive",
    "return": "api.return_commands:return_group",
    "staff": "api.commands:staff_group",
    "order": "api.commands:order_group",
    "epoch": "api.commands:epoch_group",
    "lifecycle": "api.diagram:lifecycle",
    "host": "api.fleet_commands:host_group",
    "keys": "api.fleet_commands:keys_group",
    "inventory": "api.fleet_commands:inventory_group",
    "draw": "api.fleet_commands:draw_group",
    "job": "api.fleet_commands:job_group",
    "domain": "api.domain_commands:domain_group",
    "review": "api.review_commands:review_group",
    "risk": "api.risk_commands:risk_group",
    "blocklist": "api.risk_commands:blocklist_group",
    "registry": "api.registry_commands:registry_group",
    "mail": "api.mail_commands:mail_group",
    "catalogue": "api.billing_commands:catalogue_group",
    "invoice-run": "api.billing_commands:invoice_run",
    "billing": "api.service_commands:billing_group",
    "customer": "api.customer_commands:customer_group",
    "invoice": "api.invoice_commands:invoice_group",
    "bookkeeping": "api.invoice_commands:bookkeeping",
    "debit-run": "api.debit_commands:debit_run",
    "debit": "api.debit_commands:debit_group",
    "payment": "api.payment_commands:payment_group",
})  # fmt: skip
"""Command → module and name of the click command; a room brings its own."""

EXPECTED = (SettingsError, DatabaseUrlError, CatalogueError, KeyFileError, IllegalMoveError, LookupError)
"""Errors whose text tells an operator what to do."""


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names."""
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was asked for."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


def _take_config(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.environ[CONFIG] = value


@click.group(cls=LazyGroup)
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    is_eager=True,
    expose_value=False,
    callback=_take_config,
    help=f"The settings file; else {CONFIG} names it.",
)
def ankunft() -> None:
    """Orders, hosts and accounts of a web hoster. Exit codes: 0 done, 1 refused, 2 wrong usage."""


def main() -> None:
    """Run the command line."""
    try:
        ankunft()
    except EXPECTED as error:
        click.echo(f"ankunft: {error}", err=True)
        sys.exit(1)
