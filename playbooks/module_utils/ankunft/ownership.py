"""Whose an account on this host is: a marker per service with the id of the account it was made for.

The marker is written before anything else and removed after all else. So what is there with our marker is ours,
however far a killed run came; what is there without it was made by somebody else, and is not touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from .change import Change
from .errors import RefusedError
from .files import Access, beside, content_of, file, no_file
from .host import Host
from .job import SERVICES, UID_OFFSET, Account
from .shape import Fields, read_object

_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[a-z0-9.-]+")


@dataclass(frozen=True)
class Marker:
    """What stands in a marker: the account's id and uid, the names it may have links for, and the start page's fate."""

    account: str
    uid: int
    names: tuple[str, ...] = ()
    start_page_placed: bool = False

    def render(self) -> bytes:
        """Return the marker as it is stored."""
        fields = {
            "schema": 1,
            "account": self.account,
            "uid": self.uid,
            "names": sorted(self.names),
            "start_page_placed": self.start_page_placed,
        }
        return json.dumps(fields, indent=1).encode() + b"\n"


def parse_marker(text: bytes, path: Path) -> Marker:
    """Read a marker.

    Raises:
        RefusedError: it is torn or was edited; nothing can be decided without it.
    """
    fields = read_object(text, f"the marker {path}")
    fields.number("schema", 1, 1)
    marker = Marker(
        fields.text("account", _ID),
        fields.number("uid", UID_OFFSET, 2**31 - 2),
        fields.items("names", 1000, lambda value, where: Fields({"name": value}, where).text("name", _NAME)),
        fields.flag("start_page_placed"),
    )
    fields.done()
    return marker


class Ownership:
    """The marker of one *service* of an account on a host, looked at once, kept up while the work goes on."""

    def __init__(self, host: Host, account: Account, service: str) -> None:
        self._path = host.markers / account.name / service
        self._account = account
        text = content_of(self._path)
        self.found = text is not None
        self.marker = Marker(account.id, account.uid) if text is None else parse_marker(text, self._path)

    def refuse_foreign(self, traces: list[str]) -> None:
        """Refuse the account if it is another's on this host, or if there are *traces* of it without a marker."""
        if (self.marker.account, self.marker.uid) != (self._account.id, self._account.uid):
            raise RefusedError(
                f"{self._account.name} exists and is not ours: {self._path} names the account {self.marker.account} "
                f"with uid {self.marker.uid}, the job names {self._account.id}; the API gave a name out twice"
            )
        if traces and not self.found:
            raise RefusedError(
                f"{self._account.name} exists and is not ours: there is {', '.join(traces[:3])}, but no {self._path}; "
                "find out who made it, and remove it by hand"
            )

    def claim(self, *, names: tuple[str, ...] = ()) -> Iterator[Change]:
        """Have the marker, before all else; it names at least all that will be linked."""
        merged = tuple(sorted({*self.marker.names, *names}))
        yield from self._write(replace(self.marker, names=merged))

    def settle(self, *, names: tuple[str, ...] = (), start_page_placed: bool | None = None) -> Iterator[Change]:
        """Have the marker name exactly what is linked now, and remember that the start page was placed."""
        placed = self.marker.start_page_placed if start_page_placed is None else start_page_placed
        yield from self._write(replace(self.marker, names=names, start_page_placed=placed))

    def _write(self, marker: Marker) -> Iterator[Change]:
        root_only = Access(0, 0, 0o600)
        for change in file(self._path, marker.render(), root_only, shown=", ".join(marker.names)):
            yield replace(change, make=partial(self._make, change.make))
        self.marker, self.found = marker, True

    def _make(self, write: Callable[[], object]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write()

    def release(self) -> Iterator[Change]:
        """Have no marker, after all else, and no folder for markers once its last one is gone."""
        yield from no_file(self._path)
        folder = self._path.parent
        if folder.is_dir() and not any((folder / service).exists() for service in SERVICES):
            yield Change(str(folder), "there", "", lambda: _remove_folder(folder))


def _remove_folder(folder: Path) -> None:
    for service in SERVICES:
        beside(folder / service).unlink(missing_ok=True)
    folder.rmdir()
