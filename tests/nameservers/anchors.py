"""What the registry publishes of its domains' keys, brought to the resolver as its trust anchors."""

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from tests.nameservers.programs import NameServers, rec_control

Keys = dict[str, tuple[str, ...]]


def published(book: Path) -> Keys:
    """Return the DS records of each domain in the registry's *book*."""
    if not book.exists():
        return {}
    with closing(sqlite3.connect(f"file:{book}?mode=ro", uri=True, timeout=5)) as database:
        try:
            rows = database.execute("SELECT name, ds FROM domain").fetchall()
        except sqlite3.OperationalError:  # it is just being made
            return {}
    found = {
        name: tuple(sorted(" ".join(str(part) for part in ds) for ds in json.loads(stored))) for name, stored in rows
    }
    return {name: ds for name, ds in found.items() if ds}


def follow(here: NameServers, book: Path, known: Keys) -> Keys:
    """Tell the resolver what changed since *known*; return what it knows now."""
    now = published(book)
    for name in sorted(known.keys() | now.keys()):
        if known.get(name) == now.get(name):
            continue
        if name in known:
            rec_control(here, "clear-ta", name)
        for ds in now.get(name, ()):
            rec_control(here, "add-ta", name, ds)
        rec_control(here, "wipe-cache", f"{name}$")
    return now


def keep_following(here: NameServers, book: Path, every_s: float = 0.5) -> None:
    """Follow until the process is ended, or the resolver is gone."""
    known: Keys = {}
    while True:
        try:
            known = follow(here, book, known)
        except subprocess.CalledProcessError as error:
            raise SystemExit("the resolver does not listen any more") from error
        time.sleep(every_s)
