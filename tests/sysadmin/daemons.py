"""Whether the daemons that accounts share were left in peace: not restarted, not reloaded, by whatever way."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.sysadmin.ssh import Root

SHARED = re.compile(r"(?:nginx|mariadb|postfix(?:@.*)?|dovecot|ssh|ankunft-[a-z]+)\.service\Z")
"""The services that all accounts of a server share."""

EXPECTED = ("nginx", "mariadb", "postfix", "dovecot", "ssh")
"""Those that a hosting server cannot be without."""

TRACES = ("MainPID", "NRestarts", "ActiveEnterTimestampMonotonic", "ExecMainStartTimestampMonotonic", "ExecReload")
"""What systemd remembers of a unit and a restart or reload changes; ExecReload holds the time of the last reload."""

RELOAD = re.compile(r"SIGHUP|\breload(?:ing|ed)?\b|reconfiguring", re.IGNORECASE)
"""How daemons, and systemd itself, speak of a reload in the journal."""


@dataclass(frozen=True, slots=True)
class Daemons:
    """The shared daemons of one server at one moment."""

    #: Unit → its traces.
    units: dict[str, dict[str, str]]
    #: When systemd last read its unit files (daemon-reload).
    units_read_at: str
    #: nginx replaces its workers at every reload, also at one that systemd does not know of.
    nginx_workers: frozenset[str]
    #: Where the journal ended.
    cursor: str


def look_at_daemons(root: Root) -> Daemons:
    """Take down the state of the shared daemons on a server.

    Raises:
        AssertionError: one of them is not running.
    """
    running = root.run("systemctl", "list-units", "--type=service", "--state=running", "--plain", "--no-legend")
    names = [line.split()[0] for line in running.splitlines() if SHARED.match(line.split()[0])]
    missing = [name for name in EXPECTED if not any(unit.startswith(name) for unit in names)]
    if missing:
        raise AssertionError(f"{root.address}: not running: {', '.join(missing)}")
    units = dict(_properties(root.run("systemctl", "show", "--property", f"Id,{','.join(TRACES)}", *names)))
    workers = root.run("pgrep", "--parent", units["nginx.service"]["MainPID"]).split()
    end = root.run("journalctl", "--lines=0", "--show-cursor", "--quiet")
    return Daemons(
        units=units,
        units_read_at=root.run("systemctl", "show", "--property=UnitsLoadTimestampMonotonic"),
        nginx_workers=frozenset(workers),
        cursor=end.partition("-- cursor: ")[2].strip(),
    )


def disturbances(root: Root, before: Daemons) -> list[str]:
    """Return what happened to the shared daemons since *before*; nothing is what should have happened."""
    after = look_at_daemons(root)
    found = [
        f"{unit}: {trace} changed"
        for unit, traces in before.units.items()
        for trace, value in traces.items()
        if after.units.get(unit, {}).get(trace) != value
    ]
    if after.units_read_at != before.units_read_at:
        found.append("systemd: daemon-reload")
    if after.nginx_workers != before.nginx_workers:
        found.append("nginx: other workers")
    return found + list(_reloads_in_journal(root, before.cursor))


def _reloads_in_journal(root: Root, cursor: str) -> Iterator[str]:
    lines = root.run("journalctl", f"--after-cursor={cursor}", "--output=json", "--quiet")
    for entry in map(json.loads, lines.splitlines()):
        unit, message = entry.get("_SYSTEMD_UNIT", ""), entry.get("MESSAGE")
        speaks = entry.get("_PID") == "1" or (SHARED.match(unit) and not unit.startswith("ankunft-"))
        if speaks and isinstance(message, str) and RELOAD.search(message):
            yield f"{unit or 'systemd'}: “{message[:80]}”"


def _properties(shown: str) -> Iterator[tuple[str, dict[str, str]]]:
    for block in shown.strip().split("\n\n"):
        properties = dict(line.split("=", 1) for line in block.splitlines())
        yield properties.pop("Id"), properties
