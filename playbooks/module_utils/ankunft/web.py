"""What a customer holds of the web: a user, folders, PHP limits, and a link per name that is served.

The order is chosen for kill -9 at any point: refusals first, then the marker, then what nobody sees, and the
links, which make it all visible, last. Absent goes the other way round.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .change import Change, Step
from .credentials import credentials
from .errors import RefusedError
from .files import Access, file, link, link_target, no_file, no_link, taken
from .folders import customer_folder, passage_folder
from .host import Host
from .job import Account
from .ownership import Ownership
from .processes import no_php, no_processes
from .startpage import start_page
from .tree import no_tree
from .users import is_known, no_user, refuse_other_user, user

PLACEHOLDER = ".default.pem"
LOCK = ".locked"
_LONGEST_FILE_NAME = 255


def desired(account: Account, host: Host, start_page_template: str) -> list[Step]:
    """Return the steps that bring the account's web part into the job's state.

    Raises:
        RefusedError: the account, its uid or one of its names belongs to somebody else.
    """
    owner = Ownership(host, account, "web")
    owner.refuse_foreign(_traces(account, host))
    refuse_other_user(host, account)
    if account.state == "absent":
        return _absent(account, host, owner)
    _refuse_taken_names(account, host)
    return _held(account, host, owner, start_page_template)


def _target(account: Account) -> str:
    return f"../accounts/{account.name}"


def _traces(account: Account, host: Host) -> list[str]:
    """Return what is there of the account, for the case that no marker says whose it is."""
    folders = [host.accounts / account.name, host.php_limits(account.name)]
    found = [str(path) for path in folders if os.path.lexists(path)]
    if is_known(host, account):
        found.append(f"a user {account.name} in {host.users}")
    links = [host.vhosts / name for name in account.web_names]
    return found + [str(path) for path in links if link_target(path) == _target(account)]


def _refuse_taken_names(account: Account, host: Host) -> None:
    for name in account.web_names:
        path = host.vhosts / name
        if os.path.lexists(path) and link_target(path) != _target(account):
            raise RefusedError(taken(path, account.name))


def _held(account: Account, host: Host, owner: Ownership, template: str) -> list[Step]:
    wanted = tuple(account.web_names)
    folder = host.accounts / account.name
    suspended = account.state == "suspended"
    steps: list[Step] = [
        partial(owner.claim, names=wanted),
        partial(user, host, account),
        partial(passage_folder, folder, Access(0, account.uid, 0o750), host.web_uid),
        partial(_locked if suspended else _unlocked, folder),
        partial(customer_folder, folder / "public", Access(account.uid, host.web_gid, 0o2750)),
        partial(credentials, host, account),
        partial(_limits, account, host),
    ]
    if not owner.marker.start_page_placed:
        steps.append(partial(start_page, host, account, template))
    steps += [
        partial(_links, account, host),
        lambda: _no_links(account, host, sorted(set(owner.marker.names) - set(wanted))),
        partial(owner.settle, names=wanted, start_page_placed=True),
    ]
    if suspended:
        steps += [partial(no_php, host, account), partial(no_processes, account)]
    return steps


def _absent(account: Account, host: Host, owner: Ownership) -> list[Step]:
    if not owner.found:
        return [owner.release]
    names = sorted({*owner.marker.names, *account.web_names})
    return [
        partial(_no_links, account, host, names),
        partial(no_php, host, account),
        partial(no_user, host, account),
        partial(no_processes, account),
        partial(no_file, host.php_limits(account.name)),
        partial(no_tree, host.php_state(account.name)),
        partial(no_tree, host.accounts / account.name),
        owner.release,
    ]


def _links(account: Account, host: Host) -> Iterator[Change]:
    """Have a certificate (the placeholder until there is one) and a link for each name."""
    for name in account.web_names:
        certificate = _certificate(host, name)
        if certificate and not os.path.lexists(certificate):
            yield from link(certificate, PLACEHOLDER, account.name)
        yield from link(host.vhosts / name, _target(account), account.name)


def _no_links(account: Account, host: Host, names: list[str]) -> Iterator[Change]:
    """Have no link, and no certificate, for *names*; those that are another account's by now stay."""
    for name in names:
        path = host.vhosts / name
        if os.path.lexists(path) and link_target(path) != _target(account):
            continue
        certificate = _certificate(host, name)
        if certificate:
            yield from no_file(certificate)
        yield from no_link(path, _target(account))


def _certificate(host: Host, name: str) -> Path | None:
    """Return where nginx looks for the certificate of *name*; None for a name too long to be a file's."""
    file_name = f"{name}.pem"
    return host.certificates / file_name if len(file_name) <= _LONGEST_FILE_NAME else None


def render_limits(account: Account) -> str:
    """Return the limits of the account's PHP, read inside its pool section (php-fpm.conf)."""
    return (
        f"pm.max_children = {account.limits.php_processes:d}\n"
        f"php_admin_value[memory_limit] = {account.limits.php_memory_mib:d}M\n"
    )


def _locked(folder: Path) -> Iterator[Change]:
    """Have the file at which nginx answers with a neutral page, for every name of the account at once."""
    yield from file(folder / LOCK, b"", Access(0, 0, 0o444))


def _unlocked(folder: Path) -> Iterator[Change]:
    yield from no_file(folder / LOCK)


def _limits(account: Account, host: Host) -> Iterator[Change]:
    """Have the limits' file; PHP that is awake since before its last change is put to sleep, and wakes with it."""
    path, socket = host.php_limits(account.name), host.php_socket(account.name)
    text = render_limits(account)
    yield from file(path, text.encode(), Access(0, 0, 0o644), shown=text.strip())
    if os.path.lexists(path) and os.path.lexists(socket) and socket.lstat().st_ctime_ns < path.lstat().st_ctime_ns:
        yield from no_php(host, account)
