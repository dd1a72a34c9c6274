"""Print as JSON which accounts this hosting server holds, complete or in pieces. Needs only Python and root."""

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

NAME = re.compile(r"a[1-9][0-9]{3,9}\Z", re.ASCII)


def query(sql: str) -> list[list[str]]:
    """Return the rows that MariaDB answers to root on its socket."""
    done = subprocess.run(
        ["mariadb", "--batch", "--skip-column-names", "--execute", sql], capture_output=True, text=True, check=True
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


def main() -> None:
    """Look into every place where an account leaves something."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for line in Path("/var/lib/extrausers/passwd").read_text(encoding="utf-8").splitlines():
        name, _, uid, *_ = line.split(":")
        found[name]["uid"] = int(uid)
    for marker in Path("/var/lib/ankunft/accounts").glob("*/*"):
        markers = found[marker.parent.name].setdefault("markers", {})
        markers[marker.name] = json.loads(marker.read_text(encoding="utf-8"))
    for link in Path("/srv/vhosts").iterdir():
        if link.is_symlink():
            found[link.readlink().name].setdefault("vhosts", []).append(link.name)
    for home in Path("/srv/accounts").iterdir():
        found[home.name].setdefault("vhosts", [])
    for (name,) in query("SHOW DATABASES"):
        if NAME.match(name):
            found[name]["database"] = True
    for address, name in query("SELECT address, account FROM ankunft_mail.mailbox"):
        found[name].setdefault("mailboxes", []).append(address)
    print(json.dumps({name: facts for name, facts in found.items() if NAME.match(name)}))


main()
