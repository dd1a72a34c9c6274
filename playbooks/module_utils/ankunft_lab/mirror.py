"""Where Debian packages come from: what this machine's own apt is configured to use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_ONE_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)")
_OURS = re.compile(r"(?P<release>bookworm|trixie)(?P<rest>|-updates|-security)")


@dataclass(frozen=True, slots=True)
class Source:
    """A place that holds the packages of one suite."""

    uri: str
    suite: str

    @property
    def line(self) -> str:
        """The source as apt's one-line format has it; see sources.list(5)."""
        return f"deb [signed-by={_KEYRING}] {self.uri} {self.suite} main"


def sources_for(release: str, etc: Path = Path("/etc/apt")) -> list[Source]:
    """Return the sources of *release* after the model of this machine's own.

    Raises:
        LabError: apt knows no Debian mirror here.
    """
    found: dict[Source, None] = {}
    for source in _configured(etc):
        if match := _OURS.fullmatch(source.suite):
            found[Source(source.uri, release + match["rest"])] = None
    if not any(source.suite == release for source in found):
        raise LabError(f"no Debian mirror is named below {etc}; add a source with the suite of this machine")
    return list(found)


def _configured(etc: Path) -> Iterator[Source]:
    for file in (etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))):
        if file.exists():
            yield from _one_line(file.read_text(encoding="utf-8").splitlines())
    for file in sorted((etc / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text(encoding="utf-8")):
            yield from _deb822(stanza)


def _one_line(lines: Iterable[str]) -> Iterator[Source]:
    for line in lines:
        match = _ONE_LINE.match(line.strip())
        if match and "main" in match["components"].split():
            yield Source(match["uri"], match["suite"])


def _deb822(stanza: str) -> Iterator[Source]:
    fields = {}
    for line in stanza.splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith(("#", " ")):
            fields[name.strip().lower()] = value.split()
    usable = "deb" in fields.get("types", []) and "main" in fields.get("components", [])
    if usable and fields.get("enabled", ["yes"]) != ["no"]:
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield Source(uri, suite)
