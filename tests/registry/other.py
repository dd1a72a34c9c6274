"""Play the other registrar, or the registry itself: `python -m tests.registry.other FOLDER COMMAND …`, see --help."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from tests.registry import domains, faults, queue, transfers
from tests.registry.store import Refusal, Store, stamp

OURS, OTHER = "ankunft", "other"
NAME = click.argument("name")


@click.group()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def other(context: click.Context, folder: Path) -> None:
    """Act on the registry whose book is in FOLDER. Names are A-labels."""
    context.obj = Store(folder / "registry.sqlite")


@other.command()
@NAME
@click.option("--code", required=True, help="Its auth code.")
@click.option("--days-ago", default=400, show_default=True, help="When it was registered.")
@click.option("--locked", is_flag=True, help="With clientTransferProhibited.")
@click.pass_obj
def register(store: Store, name: str, code: str, days_ago: int, *, locked: bool) -> None:
    """Register a domain as the other registrar."""
    asked = {
        "name": name, "years": 1, "registrant": "", "contacts": [], "nameservers": [], "as_attributes": True,
        "code": code, "transaction_id": "OTHER",
    }  # fmt: skip
    with store.change():
        domains.create(store, OTHER, asked)
        made_at = stamp(datetime.now(UTC) - timedelta(days=days_ago))
        status = ["clientTransferProhibited"] if locked else ["ok"]
        store.put("domain", **domains.held(store, name) | {"created_at": made_at, "statuses": status})


@other.command()
@NAME
@click.argument("code")
@click.pass_obj
def code(store: Store, name: str, code: str) -> None:
    """Give a domain another auth code."""
    with store.change():
        store.put("domain", **domains.held(store, name) | {"code": code})


@other.command()
@NAME
@click.argument("status", default="clientTransferProhibited")
@click.option("--off", is_flag=True)
@click.pass_obj
def lock(store: Store, name: str, status: str, *, off: bool) -> None:
    """Set a status, or take it off."""
    with store.change():
        domains.set_status(store, name, status, on=not off)


@other.command()
@NAME
@click.argument("auth_code", required=False)
@click.pass_obj
def request(store: Store, name: str, auth_code: str | None) -> None:
    """Ask for a domain of ours, with its code as if our customer had handed it out."""
    with store.change():
        row = domains.held(store, name)
        aged = stamp(datetime.now(UTC) - transfers.TOO_YOUNG - timedelta(days=1))
        store.put("domain", **row | {"created_at": aged, "transferred_at": row["transferred_at"] and aged})
        transfers.request(store, OTHER, name, auth_code or row["code"], 1)


@other.command()
@NAME
@click.pass_obj
def approve(store: Store, name: str) -> None:
    """Let a domain go that we asked for."""
    with store.change():
        transfers.act(store, OTHER, name, "approve")


@other.command()
@NAME
@click.pass_obj
def reject(store: Store, name: str) -> None:
    """Keep a domain that we asked for."""
    with store.change():
        transfers.act(store, OTHER, name, "reject")


@other.command()
@NAME
@click.pass_obj
def cancel(store: Store, name: str) -> None:
    """Take back the request for a domain of ours."""
    with store.change():
        transfers.act(store, OTHER, name, "cancel")


@other.command()
@NAME
@click.argument("status", default="serverCancelled", type=click.Choice(["serverCancelled", "serverApproved"]))
@click.pass_obj
def timeout(store: Store, name: str, status: str) -> None:
    """End a transfer to which nobody said anything, as the registry's rules want."""
    with store.change():
        transfers.end(store, name, status)


@other.command()
@NAME
@click.option("--refused", is_flag=True)
@click.pass_obj
def decide(store: Store, name: str, *, refused: bool) -> None:
    """Grant a pending create, or refuse it."""
    with store.change():
        domains.decide(store, name, granted=not refused)


@other.command()
@click.argument("tld")
@click.option("--creates", default="immediate", type=click.Choice(["immediate", "pending"]))
@click.option("--transfers", "moves", default="pending", type=click.Choice(["immediate", "pending"]))
@click.pass_obj
def rule(store: Store, tld: str, creates: str, moves: str) -> None:
    """Say how a top-level domain is run."""
    with store.change():
        store.put("rule", tld=tld, creates=creates, transfers=moves)


@other.command()
@click.argument("cents", type=int)
@click.option("--account", default=OURS, show_default=True)
@click.pass_obj
def balance(store: Store, cents: int, account: str) -> None:
    """Set a registrar's balance, and warn when it is low."""
    with store.change():
        row = store.row("account", "id", account)
        assert row is not None
        store.put("account", **row | {"balance_cents": cents})
        if cents < domains.LOW_CENTS:
            queue.tell(store, account, f"Low account balance: {cents / 100:.2f} EUR left.")


@other.command()
@click.argument("words")
@click.option("--account", default=OURS, show_default=True)
@click.pass_obj
def tell(store: Store, words: str, account: str) -> None:
    """Queue a message in words alone, like "Domain x.com expires on 2027-01-01"."""
    with store.change():
        queue.tell(store, account, words)


@other.command()
@click.argument("command")
@click.argument("kind", type=click.Choice(sorted(faults.KINDS)))
@click.option("--times", default=1, show_default=True)
@click.pass_obj
def fault(store: Store, command: str, kind: str, times: int) -> None:
    """Have the next COMMAND ("create domain", "poll", "login", "greeting", …) go wrong."""
    faults.order(store, command, kind, times)


@other.command()
@NAME
@click.pass_obj
def show(store: Store, name: str) -> None:
    """Show a domain, its last transfer and what was asked about it, as JSON."""
    shown: dict[str, Any] = {
        "domain": store.row("domain", "name", name),
        "transfer": store.row("transfer", "name", name),
        "past": store.rows("SELECT * FROM past WHERE name = ? ORDER BY id", name),
    }
    click.echo(json.dumps(shown, indent=2))


@other.command()
@click.pass_obj
def violations(store: Store) -> None:
    """List frames that the RFCs' schemas objected to; end with 1 when there are any."""
    found = store.rows("SELECT * FROM violation ORDER BY id")
    click.echo(json.dumps(found, indent=2))
    if found:
        raise SystemExit(1)


def main() -> None:
    """Run the command line."""
    try:
        other(standalone_mode=False)
    except Refusal as refusal:
        raise SystemExit(f"the registry answers {refusal.code}: {refusal.reason}") from refusal
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
