"""Commands for the fleet: hosts, the placement file, draws, jobs. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from agent.placement import digest
from api import keys, settings
from api.commands import AS_JSON, OPERATOR, order_of, run, show
from api.provisioning import fleet, hosts, inventory, view

LOOK_S = 0.5


@click.group("host")
def host_group() -> None:
    """Hosting servers and their agents."""


@host_group.command("add")
@click.argument("name")
@click.option("--address", help="Where customers reach it; without one they are told its name.")
@click.option("--valid-minutes", default=30, show_default=True, help="How long the token can be used.")
@AS_JSON
def host_add(name: str, address: str | None, valid_minutes: int, *, as_json: bool) -> None:
    """Invite the agent of NAME, its name in the inventory; the one-time token is shown this once."""
    token = _refusable(hosts.invite(name, address=address, valid=timedelta(minutes=valid_minutes), actor=OPERATOR))
    show({"host": name, "token": token}, as_json=as_json, line=token)


@host_group.command("list")
@AS_JSON
def host_list(*, as_json: bool) -> None:
    """List all hosts: state, fingerprint of the key, when the agent was last heard."""
    found = run(hosts.listed())
    lines = [
        f"{host['host']:<16} {host['state']:<18} {host['last_seen_at'] or 'never heard'}  {host['fingerprint'] or ''}"
        for host in found
    ]
    show(found, as_json=as_json, line="\n".join(lines) or "no hosts; `ankunft host add NAME` invites one")


@host_group.command("approve")
@click.argument("name")
@AS_JSON
def host_approve(name: str, *, as_json: bool) -> None:
    """Let NAME work, after its fingerprint was compared; also after a drain."""
    _refusable(hosts.approve(name, actor=OPERATOR))
    show({"host": name, "state": hosts.APPROVED}, as_json=as_json, line=f"{name} is {hosts.APPROVED}")


@host_group.command("drain")
@click.argument("name")
@AS_JSON
def host_drain(name: str, *, as_json: bool) -> None:
    """Give NAME no new accounts; those it has are looked after as before."""
    _refusable(hosts.drain(name, actor=OPERATOR))
    show({"host": name, "state": hosts.DRAINING}, as_json=as_json, line=f"{name} is {hosts.DRAINING}")


@click.group("keys")
def keys_group() -> None:
    """The API's keys."""


@keys_group.command("show")
@AS_JSON
def keys_show(*, as_json: bool) -> None:
    """Show the public half of the key that signs jobs, as hosting servers pin it."""
    public = keys.job_public_key(settings.load().keys.job_signing)
    show({"job_public_key": public}, as_json=as_json, line=public)


@click.group("inventory")
def inventory_group() -> None:
    """The fleet as draws see it."""


@inventory_group.command("publish")
@click.option("--inventory", "source", required=True, type=click.Path(path_type=Path), help="The Ansible inventory.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the placement file goes."
)
@click.option("--approve", is_flag=True, help="Put it into force; without this it is only written.")
@AS_JSON
def inventory_publish(source: Path, out: Path, *, approve: bool, as_json: bool) -> None:
    """Derive the placement file from an inventory; `server.yml --tags agent` brings it to the servers."""
    try:
        content = inventory.placement_file(source)
    except inventory.InventoryError as error:
        raise click.ClickException(str(error)) from error
    out.write_bytes(content)
    if approve:
        _refusable(fleet.approve(content, actor=OPERATOR))
    state = "approved" if approve else "written, not approved"
    show({"digest": digest(content), "approved": approve}, as_json=as_json, line=f"{digest(content)} {state}")


@click.group("draw")
def draw_group() -> None:
    """Which host was drawn, and why."""


@draw_group.command("explain")
@click.argument("cart_id")
@AS_JSON
def draw_explain(cart_id: str, *, as_json: bool) -> None:
    """Show candidates, exclusions, seed and result of an order's draw, and draw again."""
    draw = run(_draw(cart_id))
    if draw is None:
        raise click.ClickException("the order is not accepted yet; nothing was drawn")
    lines = [f"draw {draw.id} is {draw.state}; seed {draw.seed}; placement file {draw.digest}"]
    for candidate in draw.candidates:
        result = candidate.excluded or f"lot {candidate.lot:.6f}, weight {candidate.weight:g}"
        lines.append(f"  {candidate.service:<9} {candidate.host:<16} {result}")
    lines.append(f"drawn by {draw.drawn_by}: {_shown(draw.placement)}; drawn again: {_shown(draw.repeated)}")
    show(draw, as_json=as_json, line="\n".join(lines))


@click.group("job")
def job_group() -> None:
    """What was handed to the hosts."""


@job_group.command("log")
@click.argument("cart_id")
@click.option("-f", "--follow", is_flag=True, help="Go on until the job is done or parked.")
@AS_JSON
def job_log(cart_id: str, *, follow: bool, as_json: bool) -> None:
    """Show the newest job of an order: the steps of its playbook, and the log once it is reported."""
    job = run(_follow(cart_id, is_following=follow, is_quiet=as_json))
    if job is None:
        raise click.ClickException("the order is not accepted yet; there is no job")
    tail = [
        f"{job.state} on {job.host}, attempt {job.attempt}",
        *([job.problem] if job.problem else []),
        job.log.strip(),
    ]
    show(job, as_json=as_json, line="\n".join(line for line in tail if line))


async def _draw(cart_id: str) -> view.DrawView | None:
    return await view.draw_of(await order_of(cart_id))


async def _follow(cart_id: str, *, is_following: bool, is_quiet: bool) -> view.JobView | None:
    order_id, shown = await order_of(cart_id), 0
    while True:
        job = await view.job_of(order_id)
        for step in job.progress[shown:] if job and not is_quiet else ():
            click.echo(f"{step.at:%H:%M:%S}  {step.status:<8} {step.task}")
        shown = len(job.progress) if job else 0
        if not is_following or job is None or job.finished:
            return job
        await asyncio.sleep(LOOK_S)


def _refusable(work: Any) -> Any:
    try:
        return run(work)
    except (hosts.HostRefusedError, fleet.PlacementRefusedError) as error:
        raise click.ClickException(str(error)) from error


def _shown(placement: Any) -> str:
    return ", ".join(f"{service} on {host}" for service, host in placement.items()) if placement else "nobody"
