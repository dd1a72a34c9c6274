"""Commands for contracts that came back. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api import orders, settings
from api.activation.contracts import arrival, decisions
from api.activation.contracts.arrival import Envelope, File
from api.activation.contracts.kinds import kind_of
from api.commands import AS_JSON, OPERATOR, order_of, run, show
from api.console.returned import ReturnLine, ReturnView, return_original, return_page, return_view, waiting
from api.equipment import equip
from api.piccolo_conf import DB

CART = click.option("--cart", "cart_id", help="The order it belongs to.")
NUMBER = click.argument("number", type=click.IntRange(1))


@click.group("return")
def return_group() -> None:
    """Signed contracts that came back by mail, fax or post."""


@return_group.command("list")
@click.option("--all", "is_all", is_flag=True, help="Those that were decided about, too.")
@AS_JSON
def return_list(*, is_all: bool, as_json: bool) -> None:
    """List what waits for a person, documents before notes, each the oldest first; with --all the newest 200."""
    found = run(_listed(is_all=is_all))
    show(found, as_json=as_json, line="\n".join(_line(item) for item in found) or "nothing waits")


@return_group.command("show")
@NUMBER
@click.option("--page", type=click.IntRange(1), help="Write this page as a picture.")
@click.option("--original", "is_original", is_flag=True, help="Write it as it came; open it as what came from outside.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), help="Where to; else NUMBER-PAGE.png or NUMBER.original."
)
@AS_JSON
def return_show(number: int, page: int | None, output: str | None, *, is_original: bool, as_json: bool) -> None:
    """Show a document beside its order's data, or one of its pages as a picture."""
    equipment = equip(settings.load())
    if is_original:
        name = Path(output or f"{number}.original")
        name.write_bytes(run(return_original(equipment, number)))
        show({"number": number, "file": str(name)}, as_json=as_json, line=f"wrote {name}")
        return
    if page is None:
        view = run(return_view(number))
        show(view, as_json=as_json, line="\n".join(_beside(view)))
        return
    name = Path(output or f"{number}-{page}.png")
    name.write_bytes(run(return_page(equipment, number, page)))
    show({"number": number, "page": page, "file": str(name)}, as_json=as_json, line=f"wrote {name}")


@return_group.command("file")
@NUMBER
@click.argument("cart_id")
@click.option("--approve", "is_approved", is_flag=True, help="Confirm the signature in the same step.")
@AS_JSON
def return_file(number: int, cart_id: str, *, is_approved: bool, as_json: bool) -> None:
    """File a document to the order of CART_ID."""
    equipment = equip(settings.load())

    async def work() -> str:
        order_id = await order_of(cart_id)
        await decisions.assign(equipment, number, order_id, actor=OPERATOR, is_approved=is_approved)
        return await orders.state_of(order_id)

    _show_state(number, run(work()), as_json=as_json)


@return_group.command("approve")
@NUMBER
@AS_JSON
def return_approve(number: int, *, as_json: bool) -> None:
    """Confirm the signature: the order is accepted at once."""
    equipment = equip(settings.load())

    async def work() -> str:
        return await orders.state_of(await decisions.approve(equipment, number, actor=OPERATOR))

    _show_state(number, run(work()), as_json=as_json)


@return_group.command("reject")
@click.argument("numbers", type=click.IntRange(1), nargs=-1, required=True)
@click.option("--reason", required=True, help="In the customer's language; the customer reads it.")
@click.option("--quiet", is_flag=True, help="Tell the customer nothing.")
@AS_JSON
def return_reject(numbers: tuple[int, ...], reason: str, *, quiet: bool, as_json: bool) -> None:
    """Put documents or notes aside, all or none, and tell their customers why."""
    equipment = equip(settings.load())

    async def work() -> None:
        async with DB.transaction():
            for number in numbers:
                await decisions.reject(equipment, number, reason, actor=OPERATOR, is_told=not quiet)

    run(work())
    done = [{"number": number, "state": "REJECTED"} for number in numbers]
    line = "\n".join(f"{number} is REJECTED" for number in numbers)
    show(done if len(done) > 1 else done[0], as_json=as_json, line=line)


@return_group.command("upload")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@CART
@AS_JSON
def return_upload(files: tuple[Path, ...], cart_id: str | None, *, as_json: bool) -> None:
    """Hand in scans of what came by post; a stack of contracts in one file is divided by its marks."""
    equipment = equip(settings.load())
    for file in files:
        if kind_of(file.read_bytes()) is None:
            raise click.ClickException(f"{file} is no PDF, TIFF, JPEG or PNG; nothing was handed in")

    async def work() -> list[int]:
        order = await order_of(cart_id) if cart_id else None
        envelope = Envelope("post", OPERATOR, OPERATOR, order=order)
        numbers = []
        for file in files:  # one by one: none is kept in memory longer than needed
            numbers += await arrival.take(equipment, envelope, [File(file.name, file.read_bytes())])
        return numbers

    numbers = run(work())
    show({"numbers": numbers}, as_json=as_json, line="handed in: " + ", ".join(map(str, numbers)))


async def _listed(*, is_all: bool) -> list[ReturnLine]:
    page = await waiting(is_all=is_all)
    found = list(page.returns)
    while page.next_cursor and not is_all:
        page = await waiting(page.next_cursor)
        found += page.returns
    return found


def _line(item: ReturnLine) -> str:
    where = item.cart_id or (f"perhaps {item.suggested}" if item.suggested else "no order")
    said = f"{item.id:>6}  {item.received_at:%d.%m. %H:%M}  {item.state:<9} {item.channel:<5}  {where}  {item.note}"
    return said.rstrip()


def _beside(view: ReturnView) -> list[str]:
    document = view.document
    said = [_line(document), f"  {document.pages} pages, from {document.sender or 'unknown'}: {document.subject}"]
    if view.order is not None:
        who = view.order.customer
        name = " ".join(filter(None, [who.company, who.given_name, who.family_name]))
        said.append(
            f"  {view.order.cart_id}  {view.order.state}  {', '.join(line.unicode for line in view.order.domains)}"
        )
        said.append(f"  {name}, {who.street}, {who.postal_code} {who.city}, {who.country}")
    return said


def _show_state(number: int, state: Any, *, as_json: bool) -> None:
    show({"number": number, "order_state": state}, as_json=as_json, line=f"{number} is done; its order is {state}")
