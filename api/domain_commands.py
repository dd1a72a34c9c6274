"""Commands for domains: which wait for a registrar, and staff's word for one. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from functools import partial

import click
import idna

from api import settings
from api.activation.changed import domains_changed
from api.commands import AS_JSON, OPERATOR, run, show
from api.domains import decisions, registration
from api.equipment import equip
from api.intake.names import spoken


@click.group("domain")
def domain_group() -> None:
    """Domains of accepted orders."""


@domain_group.command("list")
@AS_JSON
def domain_list(*, as_json: bool) -> None:
    """List the domains that are not confirmed yet, or were refused by the registrar."""
    rows = [
        {name: row[name] for name in ("name", "action", "state", "changed_at")} | {"unicode": spoken(row["name"])}
        for row in run(registration.waiting())
    ]
    lines = [
        f"{row['state']:<10} {row['action']:<9} {row['changed_at']:%d.%m. %H:%M}  {row['unicode']}" for row in rows
    ]
    show(rows, as_json=as_json, line="\n".join(lines) or "every domain is confirmed")


@domain_group.command("vouch")
@click.argument("name")
@AS_JSON
def domain_vouch(name: str, *, as_json: bool) -> None:
    """Confirm that NAME is registered for, or transferred to, its customer: its mail is switched on."""
    try:
        label = idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError as error:
        raise click.ClickException("this is no domain name") from error
    state = run(decisions.vouch(label, partial(domains_changed, equip(settings.load())), actor=OPERATOR))
    show({"name": label, "state": state}, as_json=as_json, line=f"{label} is {state}")
