"""The story: one order from the click to the account, and a second one, told while they happen."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from tests.customer.account import account_of
from tests.customer.arrival import Arrival
from tests.customer.form import Person, further_order_form, order_form, person
from tests.customer.lab import Lab
from tests.customer.patience import wait_for
from tests.customer.phone import code_in, wait_for_message
from tests.customer.shop import DEAD_ENDS, Receipt, Shop, UnexpectedAnswerError
from tests.demo.screen import Screen
from tests.demo.stage import Stage
from tests.demo.watch import Watch
from tests.sysadmin.console import ankunft
from tests.sysadmin.daemons import look_at_daemons
from tests.sysadmin.draw import eligible, lots
from tests.sysadmin.ssh import Root

ACTIVE_WITHIN_S = 90


def tell(screen: Screen, lab: Lab) -> Stage:
    """Play the story on the fleet *lab* and return what is known at its end."""
    who, suffix = person(int(time.time()) % 10_000_000), uuid4().hex[:4]
    first_domains = (f"blumen-{suffix}.de", f"blumen-söhne-{suffix}.de")
    second_domain = f"rosen-{suffix}.de"
    desk = Shop(lab.api, visitor=who.visitor, staff_token=lab.staff_token)
    roots = {name: Root(server.address, lab.ssh_key) for name, server in lab.hosts.items()}
    with (
        screen.waiting("taking down what the servers' daemons are doing before the first click"),
        ThreadPoolExecutor() as sysadmins,
    ):
        daemons = dict(zip(roots, sysadmins.map(look_at_daemons, roots.values()), strict=True))
    first = _first_order(screen, lab, desk, who, first_domains)
    second = _second_order(screen, lab, desk, first, second_domain)
    return Stage(lab, desk, first, second, first_domains, second_domain, daemons)


def _first_order(screen: Screen, lab: Lab, desk: Shop, who: Person, domains: tuple[str, ...]) -> Arrival:
    """Tell the order of a new customer."""
    with Shop(lab.api, visitor=who.visitor) as shop:
        screen.chapter("The order")
        screen.say(f"{who.given_name} {who.family_name} orders the tariff “start” with {' and '.join(domains)}.")
        watch = Watch(screen, lab, desk, who)
        screen.begin()
        order = watch.follow(shop.place(order_form(who, *domains), key=uuid4().hex))
        screen.moment("●", f"order taken, cart ID {order.cart_id}", "staff find it by this from now on", style="bold")
        page = shop.wait_until(order, "AWAITING_ACTIVATION", "IN_REVIEW")
        watch.look()
        screen.moment("●", f"checked; on offer: {', '.join(page['offered'])}")
        _confirm(screen, lab, shop, order, who)
        page = _watch_until_active(screen, shop, watch, order, domains[0])
        _tell_draw(screen, desk.cart(order.cart_id))
    return Arrival(who, order, page, account_of(page, who))


def _confirm(screen: Screen, lab: Lab, shop: Shop, order: Receipt, who: Person) -> None:
    """Tell the activation by SMS."""
    shop.request_code(order)
    text = wait_for_message(lab.sms_sink, who.phone)
    screen.moment("☎", f"SMS to {who.phone}: “{' '.join(text.split())}”", style="yellow")
    shop.confirm(order, code_in(text))
    screen.moment("●", "code typed in: the contract is accepted", style="bold")


def _watch_until_active(screen: Screen, shop: Shop, watch: Watch, order: Receipt, domain: str) -> dict[str, Any]:
    """Show the playbook's steps and the mails until the account is there, its mail too."""

    def look() -> dict[str, Any] | None:
        watch.look()
        page = shop.status(order)
        if page["state"] in DEAD_ENDS:
            raise UnexpectedAnswerError(f"order {order.cart_id} ended as {page['state']}")
        ready = page["state"] == "ACTIVE" and page["account"]["mail"]["address"].endswith(f"@{domain}")
        return page if ready and watch.told(page["account"]["name"]) else None

    page = wait_for(f"order {order.cart_id} is ACTIVE", look, timeout_s=ACTIVE_WITHIN_S, every_s=0.15)
    screen.moment(
        "★", f"ACTIVE: account {page['account']['name']}, {', '.join(page['account']['web'])}", style="bold green"
    )
    return page


def _tell_draw(screen: Screen, cart: dict[str, Any]) -> None:
    """Show who drew, from whom, with which seed."""
    draw = cart["draw"]
    screen.chapter("The draw")
    screen.say(f"{draw['drawn_by']} drew with the seed {draw['seed']}, and the API drew again: the lowest lot wins.")
    weights = eligible(draw)
    by_lot = sorted(lots(draw["seed"], weights).items(), key=lambda pair: pair[1])
    rows = [(name, f"{lot:.4f}", f"{weights[name]:g}", str(draw["room"].get(name, ""))) for name, lot in by_lot]
    rows += [(host["host"], host["excluded"], "", "") for host in draw["candidates"] if host["excluded"]]
    screen.table(("host", "lot", "weight", "room"), rows, winner=0)


def _second_order(screen: Screen, lab: Lab, desk: Shop, first: Arrival, domain: str) -> Arrival:
    """Tell the order that staff take for the customer they know, on the server of the first account."""
    number = desk.cart(first.order.cart_id)["customer"]["number"]
    screen.chapter("The customer calls")
    screen.say(
        f"Staff order {domain} for customer {number} and accept it; the other servers are drained for that long,"
    )
    screen.say("so that both accounts are neighbours and the proofs mean something.")
    others = [name for name, server in lab.hosts.items() if server.address != first.account.hosts["web"]]
    for name in others:
        ankunft(lab, "host", "drain", name)
    try:
        watch = Watch(screen, lab, desk, first.who)
        screen.begin()
        order = watch.follow(desk.place(further_order_form(first.who, number, domain), key=uuid4().hex))
        screen.moment("●", f"order taken, cart ID {order.cart_id}", style="bold")
        desk.wait_until(order, "AWAITING_ACTIVATION", "IN_REVIEW")
        desk.accept(order.cart_id)
        screen.moment("●", "accepted by staff", style="bold")
        page = _watch_until_active(screen, desk, watch, order, domain)
    finally:
        for name in others:
            ankunft(lab, "host", "approve", name)
    return Arrival(first.who, order, page, account_of(page, first.who))
