"""The account as a user of the server, in the files that libnss-extrausers reads.

No user tool: useradd's cost grows with the number of users, this one's does not (a lock, one read, one write,
fsync, rename). shadow is written first and passwd last, so a user that can be seen is whole.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .change import Change
from .errors import RefusedError
from .files import Access, beside, content_of, replace
from .host import Host
from .job import Account

_NO_SHELL = "/usr/sbin/nologin"
_LONG_PAST = 1
_TABLES = ("shadow", "group", "passwd")


@dataclass(frozen=True)
class Entry:
    """A user's line in one of the three files."""

    table: str
    line: str

    @property
    def key(self) -> str:
        """The user's name, by which the line is found."""
        return self.line.split(":", 1)[0]


def render(table: str, values: list[str | int]) -> Entry:
    """Write one line of a colon-separated *table* (passwd(5), group(5), shadow(5)).

    Raises:
        RefusedError: a value would end the field or the line.
    """
    texts = [str(value) for value in values]
    if any(":" in text or not (text.isascii() and (text.isprintable() or not text)) for text in texts):
        raise RefusedError(f"a value for {table} holds a colon or a control character")
    return Entry(table, ":".join(texts))


def entries(account: Account) -> list[Entry]:
    """Return the account's lines. A suspended one keeps its hash behind a lock, and has expired besides."""
    suspended = account.state == "suspended"
    lock, expired = ("!", _LONG_PAST) if suspended else ("", "")
    home = f"/srv/accounts/{account.name}"
    return [
        render("shadow", [account.name, lock + account.password_hash, "", "", "", "", "", expired, ""]),
        render("group", [account.name, "x", account.uid, ""]),
        render("passwd", [account.name, "x", account.uid, account.uid, "", home, _NO_SHELL]),
    ]


def refuse_other_user(host: Host, account: Account) -> None:
    """Refuse the account if its name or its uid belongs to another user of the server."""
    for path in (host.below("etc/passwd"), host.users / "passwd"):
        for name, uid in _who_has(content_of(path) or b"", account.name, str(account.uid)):
            if (name == account.name) != (uid == str(account.uid)):
                raise RefusedError(
                    f"{path} has {name} with uid {uid}, so {account.name} cannot have uid {account.uid}; "
                    "names and uids are never used twice: remove that user by hand if it is left over"
                )


def _who_has(content: bytes, name: str, uid: str) -> Iterator[tuple[str, str]]:
    """Yield name and uid of the lines of a passwd that hold *name* or *uid* as a field."""
    for field in (f"{name}:", f":{uid}:"):
        for start, end in _holding(content, field):
            found, _, number, *_ = [*content[start:end].decode(errors="replace").split(":"), "", "", ""]
            yield found, number


def is_known(host: Host, account: Account) -> bool:
    """Tell whether the account has a line in any of the three files."""
    return any(_line(content_of(host.users / table) or b"", account.name) is not None for table in _TABLES)


def user(host: Host, account: Account) -> Iterator[Change]:
    """Have the account as a user with its password, locked if it is suspended."""
    for entry in entries(account):
        yield from _differing(host, entry.table, entry.key, entry.line)


def no_user(host: Host, account: Account) -> Iterator[Change]:
    """Have no such user, visible first to go."""
    for table in reversed(_TABLES):
        yield from _differing(host, table, account.name, None)
        yield from _no_remains(host, table)


def _no_remains(host: Host, table: str) -> Iterator[Change]:
    """Have no file that a killed run was writing; what is there while we hold the lock is nobody's."""
    new = beside(host.users / table)
    if not new.exists():
        return
    with _lock(host):
        left_over = new.exists()
    if left_over:
        yield Change(str(new), "there", "", lambda: _remove_locked(host, new))


def _differing(host: Host, table: str, key: str, line: str | None) -> Iterator[Change]:
    path = host.users / table
    before = _line(content_of(path) or b"", key)
    if before != line:
        yield Change(
            f"{path} ({key})",
            _shown(table, before),
            _shown(table, line),
            lambda: _rewrite(host, table, lambda old: _without_or_with(old, key, line)),
        )


def _shown(table: str, line: str | None) -> str:
    if line is None or table != "shadow":
        return line or ""
    name, password, *rest = line.split(":")
    locked = "locked" if password.startswith("!") else "open"
    return ":".join([name, f"<a password's hash, {locked}>", *rest])


def _holding(content: bytes, text: str) -> Iterator[tuple[int, int]]:
    """Yield begin and end (without the newline) of each line that holds *text*.

    A table has a line for each account of the server, therefore no other is looked at.
    """
    sought = text.encode()
    at = content.find(sought)
    while at >= 0:
        end = content.find(b"\n", at)
        end = len(content) if end < 0 else end
        yield content.rfind(b"\n", 0, at) + 1, end
        at = content.find(sought, end)


def _lines(content: bytes, key: str) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each line of *key*."""
    return (span for span in _holding(content, f"{key}:") if content.startswith(f"{key}:".encode(), span[0]))


def _line(content: bytes, key: str) -> str | None:
    start, end = next(_lines(content, key), (0, 0))
    return content[start:end].decode(errors="replace") if end else None


def _without_or_with(content: bytes, key: str, line: str | None) -> bytes:
    kept, begin = [], 0
    for start, end in _lines(content, key):
        kept.append(content[begin:start])
        begin = end + 1
    kept.append(content[begin:])
    if line is not None:
        kept += [b"" if not any(kept) or kept[-1].endswith(b"\n") else b"\n", f"{line}\n".encode()]
    return b"".join(kept)


def _rewrite(host: Host, table: str, change: Callable[[bytes], bytes]) -> None:
    gid, mode = (host.shadow_gid, 0o640) if table == "shadow" else (0, 0o644)
    with _lock(host):
        path = host.users / table
        replace(path, change(content_of(path) or b""), Access(0, gid, mode))


@contextmanager
def _lock(host: Host) -> Iterator[None]:
    """Hold the one lock of the three files; the kernel releases it if we are killed."""
    folder = host.markers.parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_locked(host: Host, path: Path) -> None:
    with _lock(host):
        path.unlink(missing_ok=True)
