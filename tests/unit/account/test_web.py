"""The web part of an account, on a server's folders below a temporary root."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ankunft.change import perform
from ankunft.errors import RefusedError
from ankunft.host import Host
from ankunft.job import Account, parse_job
from ankunft.web import desired

from .conftest import JobMaker, as_text
from .listing import listing

PAGE = "<title>$domain</title> $account"


def account(job: dict[str, Any]) -> Account:
    return parse_job(as_text(job)).account


def bring(host: Host, job: dict[str, Any], *, check: bool = False) -> list[str]:
    return [change.thing for change in perform(desired(account(job), host, PAGE), check=check)]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_present_account_is_a_user_with_folders_limits_and_links(host: Host, root: Path, job: JobMaker) -> None:
    held = account(job())
    bring(host, job())
    folder = root / "srv/accounts" / held.name
    assert (folder.stat().st_uid, folder.stat().st_gid, stat.S_IMODE(folder.stat().st_mode)) == (0, held.uid, 0o750)
    public = (folder / "public").stat()
    assert (public.st_uid, public.st_gid, stat.S_IMODE(public.st_mode)) == (held.uid, 33, 0o2750)
    page = folder / "public/index.html"
    assert page.read_text() == f"<title>{held.domains[0].name}</title> {held.name}"
    assert (page.stat().st_uid, page.stat().st_gid) == (held.uid, 33)
    secret = (folder / ".my.cnf").stat()
    assert (secret.st_uid, secret.st_gid, stat.S_IMODE(secret.st_mode)) == (0, held.uid, 0o440)
    for name in (held.technical_name, held.domains[0].name, f"www.{held.domains[0].name}"):
        assert str((root / "srv/vhosts" / name).readlink()) == f"../accounts/{held.name}"
        assert str((root / f"srv/tls/{name}.pem").readlink()) == ".default.pem"
    assert (root / "etc/php-account/conf.d" / f"{held.name}.conf").read_text() == (
        "pm.max_children = 4\nphp_admin_value[memory_limit] = 256M\n"
    )
    users = root / "var/lib/extrausers"
    assert users.joinpath("passwd").read_text() == (
        f"{held.name}:x:{held.uid}:{held.uid}::/srv/accounts/{held.name}:/usr/sbin/nologin\n"
    )
    assert users.joinpath("shadow").read_text() == f"{held.name}:{held.password_hash}:::::::\n"


def test_the_web_server_may_pass_through_the_account_and_others_may_not(host: Host, root: Path, job: JobMaker) -> None:
    bring(host, job())
    page = root / "srv/accounts" / account(job()).name / "public/index.html"
    assert readable_as(33, page)
    assert not readable_as(34, page)


def readable_as(uid: int, path: Path) -> bool:
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        os._exit(0 if os.access(path, os.R_OK) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("state", ["present", "suspended", "absent"])
def test_a_second_run_changes_nothing(host: Host, root: Path, job: JobMaker, state: str) -> None:
    bring(host, job())
    bring(host, job(state=state))
    before = listing(root)
    assert bring(host, job(state=state)) == []
    assert listing(root) == before


@pytest.mark.parametrize("state", ["present", "suspended", "absent"])
def test_check_mode_tells_and_touches_nothing(host: Host, root: Path, job: JobMaker, state: str) -> None:
    if state != "present":
        bring(host, job())
    before = listing(root)
    assert bring(host, job(state=state), check=True)
    assert listing(root) == before


def test_absent_leaves_nothing(host: Host, root: Path, job: JobMaker) -> None:
    before = listing(root)
    bring(host, job())
    bring(host, job(state="absent"))
    after = listing(root)
    after.pop("var/lib/ankunft/users.lock")
    assert after == before


def test_a_suspended_account_keeps_its_data_behind_a_lock(host: Host, root: Path, job: JobMaker) -> None:
    bring(host, job())
    name = account(job()).name
    folder = root / "srv/accounts" / name
    (folder / "public/shop.php").write_text("kept")
    secret = (folder / ".my.cnf").read_text()
    bring(host, job(state="suspended"))
    assert (folder / ".locked").exists()
    shadow = (root / "var/lib/extrausers/shadow").read_text().strip().split(":")
    assert shadow[1].startswith("!$6$")
    assert shadow[7] == "1"
    bring(host, job())
    assert not (folder / ".locked").exists()
    assert (folder / "public/shop.php").read_text() == "kept"
    assert (folder / ".my.cnf").read_text() == secret


def test_a_start_page_that_the_customer_removed_stays_away(host: Host, root: Path, job: JobMaker) -> None:
    bring(host, job())
    (root / "srv/accounts" / account(job()).name / "public/index.html").unlink()
    assert bring(host, job()) == []


def test_the_customer_s_own_page_is_not_replaced(host: Host, root: Path, job: JobMaker) -> None:
    bring(host, job())
    page = root / "srv/accounts" / account(job()).name / "public/index.html"
    page.write_text("mine")
    page.parent.chmod(0o755)
    assert bring(host, job()) == []
    assert page.read_text() == "mine"


def test_a_domain_that_left_the_order_is_served_no_longer(host: Host, root: Path, job: JobMaker) -> None:
    bring(host, job(domains=[{"name": "one.example", "mail": False}, {"name": "two.example", "mail": False}]))
    bring(host, job(domains=[{"name": "two.example", "mail": False}]))
    technical = account(job()).technical_name
    assert names_in(root / "srv/vhosts") == sorted([technical, "two.example", "www.two.example"])
    assert names_in(root / "srv/tls") == sorted(
        [".default.pem", f"{technical}.pem", "two.example.pem", "www.two.example.pem"]
    )


def test_a_certificate_of_a_served_name_stays(host: Host, root: Path, job: JobMaker) -> None:
    bring(host, job())
    certificate = root / f"srv/tls/{account(job()).domains[0].name}.pem"
    certificate.unlink()
    certificate.write_text("the real one")
    assert bring(host, job()) == []
    assert certificate.read_text() == "the real one"


def test_names_at_the_length_of_the_dns_are_served(host: Host, job: JobMaker) -> None:
    longest = ".".join(["a" * 63] * 3) + "." + "b" * 57 + ".de"
    assert len(longest) == 252
    bring(host, job(domains=[{"name": longest, "mail": False}]))
    assert names_in(host.vhosts) == sorted([account(job()).technical_name, longest])
    assert names_in(host.certificates) == [".default.pem", f"{account(job()).technical_name}.pem"]


def test_a_domain_of_another_account_is_refused_before_anything_is_made(host: Host, root: Path, job: JobMaker) -> None:
    (root / "srv/vhosts/www.taken.example").symlink_to("../accounts/a1999")
    before = listing(root)
    with pytest.raises(RefusedError, match=r"www\.taken\.example is a link to \.\./accounts/a1999"):
        bring(host, job(domains=[{"name": "taken.example", "mail": False}]))
    assert listing(root) == before


def test_absent_leaves_a_name_alone_that_is_another_s_by_now(host: Host, root: Path, job: JobMaker) -> None:
    domains = [{"name": "moved.example", "mail": False}]
    bring(host, job(domains=domains))
    link = root / "srv/vhosts/moved.example"
    link.unlink()
    link.symlink_to("../accounts/a1999")
    bring(host, job(state="absent", domains=domains))
    assert str(link.readlink()) == "../accounts/a1999"
    assert str((root / "srv/tls/moved.example.pem").readlink()) == ".default.pem"


def test_what_exists_without_a_marker_is_not_ours(host: Host, root: Path, job: JobMaker) -> None:
    (root / "srv/accounts" / account(job()).name).mkdir()
    for state in ("present", "suspended", "absent"):
        with pytest.raises(RefusedError, match="exists and is not ours"):
            bring(host, job(state=state))


def test_an_account_of_another_id_is_refused_in_every_state(host: Host, root: Path, job: JobMaker) -> None:
    bring(host, job())
    before = listing(root)
    for state in ("present", "suspended", "absent"):
        with pytest.raises(RefusedError, match="exists and is not ours"):
            bring(host, job(state=state, id="f" * 32))
    assert listing(root) == before


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("etc/passwd", "{name}:x:1000:1000::/:/bin/sh"),
        ("etc/passwd", "bob:x:{uid}:1::/:/bin/sh"),
        ("var/lib/extrausers/passwd", "bob:x:{uid}:1::/:/bin/sh"),
    ],
)
def test_a_name_or_uid_of_another_user_is_refused(host: Host, root: Path, job: JobMaker, file: str, line: str) -> None:
    held = account(job())
    with (root / file).open("a") as users:
        users.write(line.format(name=held.name, uid=held.uid) + "\n")
    with pytest.raises(RefusedError, match="names and uids are never used twice"):
        bring(host, job())


def test_new_limits_put_php_to_sleep_and_only_then(host: Host, root: Path, job: JobMaker, stopped: list[str]) -> None:
    bring(host, job())
    name = account(job()).name
    socket = root / f"run/php/{name}.sock"
    socket.touch()
    assert bring(host, job()) == []
    assert stopped == []
    limits = job()["account"]["limits"] | {"php_processes": 9}
    bring(host, job(limits=limits))
    assert stopped == [f"php-account@{name}.service"]
    assert not socket.exists()
    socket.touch()
    assert bring(host, job(limits=limits)) == []


def test_suspended_and_absent_end_php(host: Host, root: Path, job: JobMaker, stopped: list[str]) -> None:
    name = account(job()).name
    for state in ("suspended", "absent"):
        bring(host, job())
        (root / f"run/php/{name}.sock").touch()
        bring(host, job(state=state))
        assert stopped == [f"php-account@{name}.service"]
        stopped.clear()


def test_another_account_s_lines_are_untouched(host: Host, root: Path, job: JobMaker) -> None:
    other = "a1001:x:1900001001:1900001001::/srv/accounts/a1001:/usr/sbin/nologin"
    (root / "var/lib/extrausers/passwd").write_text(other)
    bring(host, job())
    assert (root / "var/lib/extrausers/passwd").read_text().splitlines()[0] == other
    bring(host, job(state="absent"))
    assert (root / "var/lib/extrausers/passwd").read_text() == other + "\n"
