"""Two accounts on one server: each on its own, neither sees the other's files."""

import json
from urllib.parse import quote

import asyncssh

from tests.customer.browser import fetch
from tests.customer.site import SPY, ask
from tests.demo.proof import Proof, expect
from tests.demo.stage import Stage

TREASURE = "treasure.txt"


def own_account(stage: Stage) -> str:
    first, second = stage.first, stage.second
    expect(first.account.name != second.account.name, "both orders have the same account")
    numbers = {stage.cart(arrival)["customer"]["number"] for arrival in (first, second)}
    expect(len(numbers) == 1, f"the orders belong to the customers {numbers}")
    expect(stage.host_of(first) == stage.host_of(second), "the accounts are on different servers: nothing is shown")
    return f"customer {numbers.pop()}, {second.account.name}, same server"


def not_by_php(stage: Stage) -> str:
    _hide_treasure(stage)
    second = stage.second.account
    second.sftp.upload("public/spy.php", SPY)
    paths = _paths_of_the_first(stage)
    answer = ask(second.hosts["web"], stage.second_domain, f"/spy.php?paths={quote(json.dumps(paths))}")
    expect(set(answer) == set(paths), f"looked at {sorted(answer)}")
    seen = sorted(path for path, readable in answer.items() if readable)
    expect(not seen, f"read: {', '.join(seen)}")
    return f"{len(paths)} paths tried"


def not_by_sftp(stage: Stage) -> str:
    first, second = stage.first.account, stage.second.account
    names = second.sftp.names("/")
    expect(names == {".my.cnf", "public"}, f"the root shows {sorted(names)}")
    tried = (f"/../{first.name}/public/{TREASURE}", f"/srv/accounts/{first.name}/public/{TREASURE}", "/etc/passwd")
    for path in tried:
        expect(not _can_read(stage, path), f"SFTP read {path}")
    return f"its root is its home: {', '.join(sorted(names))}"


def not_by_link(stage: Stage) -> str:
    first, second = stage.first.account, stage.second.account
    targets = (f"/srv/accounts/{first.name}/public/{TREASURE}", f"../../{first.name}/public/{TREASURE}", "/etc/passwd")
    for number, target in enumerate(targets):
        second.sftp.link(target, f"/public/link{number}.txt")
        page = fetch(second.hosts["web"], stage.second_domain, f"/link{number}.txt")
        expect(page.status in {403, 404}, f"a link to {target} is answered with {page.status}")
    return f"{len(targets)} links, 403 or 404"


def _hide_treasure(stage: Stage) -> None:
    """Upload what the neighbour would like to read; the customer's own page shows that it is there."""
    first = stage.first.account
    first.sftp.upload(f"public/{TREASURE}", "Rezept")
    expect(
        fetch(first.hosts["web"], stage.first_domains[0], f"/{TREASURE}").text == "Rezept", "the treasure is not there"
    )


def _paths_of_the_first(stage: Stage) -> list[str]:
    name, domain = stage.first.account.name, stage.first_domains[0]
    return [
        f"/srv/accounts/{name}",
        f"/srv/accounts/{name}/.my.cnf",
        f"/srv/accounts/{name}/public/{TREASURE}",
        f"/srv/vhosts/{domain}/public/{TREASURE}",
        f"../../{name}/public/{TREASURE}",
        f"/srv/mail/{name}",
        f"/proc/self/root/srv/accounts/{name}/public/{TREASURE}",
    ]


def _can_read(stage: Stage, path: str) -> bool:
    try:
        stage.second.account.sftp.read(path)
    except asyncssh.SFTPError:
        return False
    return True


PROOFS = (
    Proof("a second order of the same customer has an account of its own", own_account),
    Proof("its PHP cannot read the first one's files", not_by_php),
    Proof("its SFTP cannot see the first one's files", not_by_sftp),
    Proof("a symbolic link to the first one's files is not served", not_by_link),
)
