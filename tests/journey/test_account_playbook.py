"""What account.yml makes is used like a customer does, locked, opened and taken away, on each Debian release."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.customer import site
from tests.customer.browser import fetch
from tests.customer.lab import Lab
from tests.customer.mailprogram import deliver, letter, refusal
from tests.journey.account_bench import PASSWORD, Bench, everything_is_locked, use_like_a_customer
from tests.sysadmin.accounts import ROOT, Desk, Order, look_at
from tests.sysadmin.daemons import disturbances, look_at_daemons
from tests.sysadmin.ssh import Root

BASE = 9_000_000
OUR_NOTE = """
- name: Note the account
  ansible.builtin.debug:
    msg: "noted {{ (lookup('ansible.builtin.file', account_job_file) | from_json).account.name }}"
"""
INVENTORY = ROOT / "inventory/lab/test/hosts.yml"


@pytest.fixture(scope="module", params=[0, -1], ids=["bookworm", "trixie"])
def bench(request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the fleet's first server (Debian 12) and its last (Debian 13)."""
    host = sorted(lab.hosts)[request.param]
    server = lab.hosts[host]
    desk = Desk(INVENTORY, tmp_path_factory.mktemp("desk"))
    return Bench(host, server.address, Root(server.address, lab.ssh_key), desk, BASE + 100 * (request.param + 1))


@pytest.fixture
def ordered(bench: Bench) -> Iterator[Order]:
    """Return an account that is not there yet, with a domain that may have mail and one that may not."""
    first, second = f"xn--beispiel-shne-rmb.n{bench.number}.example", f"later-{bench.number}.example"
    order = bench.order(1, (first, True), (second, False))
    yield order
    assert bench.desk.run(order.job("absent")).counts["failed"] == 0


@pytest.fixture(scope="module")
def held(bench: Bench) -> Iterator[Order]:
    """Return an account that is there; each test leaves it as it was."""
    order = bench.order(0, (f"held-{bench.number}.example", True))
    assert bench.desk.run(order.job("present")).counts["failed"] == 0
    yield order
    assert bench.desk.run(order.job("absent")).counts["failed"] == 0


def test_an_account_is_made_used_locked_opened_and_leaves_nothing(bench: Bench, ordered: Order) -> None:
    order, ((domain, _), (later, _)) = ordered, ordered.domains
    before, daemons = look_at(bench.root, order.name), look_at_daemons(bench.root)

    tried = bench.desk.run(order.job("present"), "--check", "--diff")
    assert tried.counts["changed"] == 3
    assert f"../accounts/{order.name}" in tried.printed
    assert look_at(bench.root, order.name) == before

    assert (made := bench.desk.run(order.job("present"))).counts["changed"] == 3, made.printed
    for name in (domain, f"www.{domain}", later, f"www.{later}", order.technical_name):
        assert "beispiel-söhne" in fetch(bench.address, name).text
    use_like_a_customer(bench, order, domain)

    data = look_at(bench.root)
    assert (again := bench.desk.run(order.job("present"))).counts["changed"] == 0, again.printed
    assert not differing(data, look_at(bench.root))

    assert bench.desk.run(order.job("suspended")).counts["changed"] == 3
    assert bench.desk.run(order.job("suspended")).counts["changed"] == 0
    everything_is_locked(bench, order, domain)

    assert bench.desk.run(order.job("present")).counts["changed"] == 3
    assert site.ask(bench.address, domain, "/who.php")["user"] == order.name
    assert site.ask(bench.address, domain, "/db.php")["guest"] == "Jürgen ✔"
    assert bench.mailbox(domain).subjects() == ["from outside", "to myself", "while locked"]

    assert bench.desk.run(order.job("absent")).counts["changed"] == 3
    assert not differing(before, look_at(bench.root, order.name))
    assert bench.desk.run(order.job("absent")).counts["changed"] == 0
    assert fetch(bench.address, domain).status == 404
    stranger = letter("a@elsewhere.example", f"postmaster@{domain}", "too late")
    refused = refusal(lambda: deliver(bench.address, stranger, sender="a@elsewhere.example", recipient=stranger["To"]))
    assert refused in {550, 554}
    assert disturbances(bench.root, daemons) == []


def differing(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """Return what is not the same, apart from the lock of the user files, which is made once for all accounts."""
    keys = before.keys() | after.keys()
    changed = {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}
    changed.pop("/var/lib/ankunft/users.lock", None)
    return changed


def test_no_secret_is_printed_however_much_one_asks(bench: Bench, held: Order) -> None:
    secret = bench.root.run("cat", f"/srv/accounts/{held.name}/.my.cnf")
    password = re.search(r"^password=(.+)$", secret, re.MULTILINE)
    assert password is not None
    changed = held.job("suspended")
    printed = "".join(bench.desk.run(job, "--diff", "-vvv").printed for job in (changed, held.job("present")))
    assert "a password's hash" in printed
    for hidden in (password[1], changed["account"]["password_hash"], PASSWORD):
        assert hidden not in printed
        assert hidden not in bench.root.run("journalctl", "--boot", "--output=cat")


def test_a_domain_or_a_name_that_is_another_account_s_is_refused_and_nothing_is_made(bench: Bench, held: Order) -> None:
    before = look_at(bench.root)
    thief = bench.order(2, (held.domains[0][0], True))
    run = bench.desk.run(thief.job("present"))
    assert run.counts["failed"] == 1
    assert f"the name is not free for {thief.name}" in run.printed
    stranger = bench.desk.run(held.job("absent", id="f" * 32))
    assert stranger.counts["failed"] == 1
    assert "exists and is not ours" in stranger.printed
    assert look_at(bench.root) == before


def test_two_accounts_that_want_one_domain_at_once_do_not_both_get_it(bench: Bench) -> None:
    orders = [bench.order(number, (f"race-{bench.number}.example", True)) for number in (3, 4, 5)]
    runs = bench.at_once("present", orders)
    try:
        assert sorted(run.counts["failed"] for run in runs) == [0, 1, 1], "".join(run.printed for run in runs)
        for run in runs:
            assert run.counts["failed"] == 0 or "not free for" in run.printed
    finally:
        assert [run.counts["failed"] for run in bench.at_once("absent", orders)] == [0, 0, 0]


def test_a_role_of_the_sysadmin_s_own_runs_on_every_job(bench: Bench, held: Order) -> None:
    tasks = bench.desk.folder / "roles/our_note/tasks/main.yml"
    tasks.parent.mkdir(parents=True)
    tasks.write_text(OUR_NOTE)
    run = bench.desk.run(held.job("present"), "-e", '{"account_further_roles": ["our_note"]}')
    assert run.counts["failed"] == 0, run.printed
    assert f"noted {held.name}" in run.printed
    assert run.printed.index(f"noted {held.name}") < run.printed.index("Try what the customer was given")


def test_a_job_for_another_host_is_refused(bench: Bench, held: Order) -> None:
    job = held.job("present")
    path = bench.desk.folder / "other.json"
    path.write_text(json.dumps(job | {"host": "web999"}))
    run = bench.desk.run(job, "-e", f"account_job_file={path}")
    assert run.counts["failed"] == 1
    assert "the job is for the host web999" in run.printed


def test_links_that_a_customer_plants_lead_root_nowhere(bench: Bench, held: Order) -> None:
    before = look_at(bench.root)
    sftp = bench.sftp(held)
    sftp.remove("public/index.html")
    for number, target in enumerate(["/etc", "/etc/passwd", "/srv/accounts", "../.my.cnf", "/", "loop", "/nowhere"]):
        sftp.link(target, f"public/link-{number}")
    sftp.link("/etc/passwd", "public/index.html")
    for state in ("suspended", "present", "absent", "present"):
        assert bench.desk.run(held.job(state)).counts["failed"] == 0
    after = look_at(bench.root)
    changed = {path for path in differing(before, after) if path.startswith("/")}
    assert changed <= {f"/srv/accounts/{held.name}/.my.cnf", "/etc/shadow-"} | {
        path for path in changed if path.startswith("/var/lib/extrausers/")
    }


def test_a_failed_look_names_the_thing_and_the_repair(bench: Bench, held: Order) -> None:
    link = f"/srv/vhosts/{held.domains[0][0]}"
    bench.root.run("rm", "--", f"/srv/accounts/{held.name}/.my.cnf")
    run = bench.desk.run(held.job("present"), "--tags", "account_verify")
    assert run.counts["failed"] == 1
    assert ".my.cnf holds no usable password" in run.printed
    bench.root.run("rm", "--", link)
    run = bench.desk.run(held.job("present"), "--tags", "account_verify")
    assert run.counts["failed"] == 1
    assert f"compare {link} with" in run.printed
    assert bench.desk.run(held.job("present")).counts["changed"] == 2
    assert bench.desk.run(held.job("present")).counts["changed"] == 0
