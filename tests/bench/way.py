"""The whole way of an order, from the code typed in to the account in use, hop by hop."""

from __future__ import annotations

import json
import statistics
import time
from datetime import datetime
from uuid import uuid4

from tests.bench import plot
from tests.bench.hostsite import HostSite
from tests.bench.results import Figure, Results
from tests.customer.account import account_of
from tests.customer.browser import fetch
from tests.customer.form import order_form, person
from tests.customer.letterbox import mails, text_of
from tests.customer.patience import wait_for
from tests.customer.phone import code_in, wait_for_message
from tests.customer.sftp import Sftp
from tests.customer.shop import Receipt, Shop

ROUNDS = 7
MOST_S = 1.0
FIRST = 3_000_000
TIMES = """
import json, sys
from pathlib import Path
done = Path("/var/spool/ankunft/done")
for file in done.glob("*.job"):
    if sys.argv[1] in file.read_text(errors="replace"):
        report = json.loads((done / f"{file.stem}.report.json").read_text())
        print(json.dumps({"began": report["started_at"], "ended": report["finished_at"],
                          "laid_out": (done / f"{file.stem}.report.json").stat().st_mtime}))
"""


def measure(site: HostSite) -> Results:
    """Order again and again; return the median of each hop and of the whole."""
    ways = [_go(site, FIRST + number) for number in range(ROUNDS)]
    hops = {hop: statistics.median(way[hop] for way in ways) * 1000 for hop in ways[0]}
    total = [sum(seconds for hop, seconds in way.items() if hop != "mail") for way in ways]
    plot.way("way", "From the code typed in to the account in use", "ms", hops)
    results: Results = {
        "P1 way": Figure(
            value=statistics.median(total),
            unit="s",
            ratio=statistics.median(total) / MOST_S,
            goal="< 1",
            against="1 s from the click to page, SFTP, database, IMAP and SMTP in use",
            minimum=min(total),
            maximum=max(total),
        )
    }
    for at, (hop, value) in enumerate(hops.items(), 1):
        results[f"way {at} {hop}"] = Figure(value=value, unit="ms", ratio=None, against="")
    return results


def _go(site: HostSite, number: int) -> dict[str, float]:
    who = person(number + int(time.time()) % 100_000)
    domain = f"weg-{uuid4().hex[:8]}.de"
    with Shop(site.lab.api, visitor=who.visitor, staff_token=site.lab.staff_token) as shop:
        order = shop.place(order_form(who, domain), key=uuid4().hex)
        shop.wait_until(order, "AWAITING_ACTIVATION", every_s=0.05)
        shop.request_code(order)
        code = code_in(wait_for_message(site.lab.sms_sink, who.phone))
        clicked = time.time()
        shop.confirm(order, code)
        page = shop.wait_until(order, "ACTIVE", every_s=0.01, timeout_s=120)
        account = account_of(page, who)
        technical = f"{account.name}.hosting.test"
        assert fetch(site.address, technical).status == 200
        Sftp(site.address, 22, account.name, who.password).names()
        usable = time.time()
        wait_for("the mail", lambda: _told(site, who.email, account.name), timeout_s=60, every_s=0.01)
        mailed = time.time()
        return _hops(site, shop, order, account.name, clicked, usable, mailed)


def _told(site: HostSite, address: str, account: str) -> bool:
    return any(account in text_of(mail) for mail in mails(site.lab.mail_sink, address))


def _hops(
    site: HostSite, shop: Shop, order: Receipt, name: str, clicked: float, usable: float, mailed: float
) -> dict[str, float]:
    """Return the seconds of each hop: the order's timeline as staff see it, and what lies on the host between."""
    at = {entry["event"]: _at(entry["at"]) for entry in reversed(shop.cart(order.cart_id)["journal"])}
    on_host = json.loads(site.root.run("python3", "-", name, stdin=TIMES).splitlines()[0])
    marks = {
        "commit": at["CODE_CONFIRMED"],
        "courier woken, draw, pinned": at["PINNED"],
        "claimed": at["CLAIMED"],
        "spool, runner woken": _at(on_host["began"]),
        "run": _at(on_host["ended"]),
        "report kept": on_host["laid_out"],
        "report told, ACTIVE": at["ACCOUNT_READY"],
        "seen and used": usable,
    }
    hops, last = {}, clicked
    for hop, mark in marks.items():
        hops[hop] = max(0.0, mark - last)
        last = max(last, mark)
    return hops | {"mail": max(0.0, mailed - at["ACCOUNT_READY"])}


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
