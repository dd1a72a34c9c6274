"""Where a fleet's things lie, and what they are called on this machine."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

#: State of the fleets that exist.
STATE = Path("/var/lib/ankunft-lab")
#: Trees that are made once and shared by all fleets and checkouts.
CACHE = Path("/var/cache/ankunft")

_KIND = re.compile(r"[a-z]{2,8}")


@dataclass(frozen=True, slots=True)
class Fleet:
    """The servers of one *kind* (lab, demo, test) of one *checkout*; both together are the identity."""

    kind: str
    checkout: Path

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise LabError("lab_kind is a word of two to eight small letters, such as lab, demo or test")

    @property
    def token(self) -> str:
        """Four hexadecimal digits of the checkout's path."""
        return hashlib.sha256(str(self.checkout).encode()).hexdigest()[:4]

    @property
    def name(self) -> str:
        """The fleet's name on this machine, unique among all checkouts."""
        return f"{self.kind}-{self.token}"

    @property
    def bridge(self) -> str:
        """The network interface all servers of the fleet are plugged into."""
        return f"ank-{hashlib.sha256(self.name.encode()).hexdigest()[:6]}"

    @property
    def folder(self) -> Path:
        """Everything that the fleet keeps."""
        return STATE / self.name

    @property
    def control(self) -> Path:
        """What belongs to the API, its workers and the sinks."""
        return self.folder / "control"

    @property
    def key(self) -> Path:
        """The private SSH key that opens root on every server of the fleet."""
        return self.folder / "id_ed25519"

    @property
    def cgroup(self) -> str:
        """Path of the fleet's control group below each hierarchy."""
        return f"ankunft-lab/{self.name}"

    @property
    def description(self) -> Path:
        """The file that tells others of the running fleet."""
        return self.checkout / ".lab" / f"{self.kind}.json"

    @property
    def inventory(self) -> Path:
        """The fleet's Ansible inventory, a folder of its own."""
        return self.checkout / "inventory" / "lab" / self.kind
