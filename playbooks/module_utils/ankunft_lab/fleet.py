"""The servers of a fleet: which there are, bring them up side by side, take all of it down."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from . import cgroups, network
from .commands import run
from .guest import Guest
from .identity import dress
from .mounts import unmount_below
from .place import Fleet
from .power import remember

#: The first server's host number; those after it follow in order.
FIRST_ADDRESS = 11


@dataclass(frozen=True, slots=True)
class Ground:
    """What the servers of a running fleet share."""

    fleet: Fleet
    network: IPv4Network
    zone: str

    def guest(self, name: str, number: int, lower: Sequence[Path], upper: Path | None = None) -> Guest:
        """Return the server *name*; *number* is the last part of its address."""
        folder = self.fleet.folder / "servers" / name
        return Guest(
            name=name,
            machine=f"{self.fleet.token}-{name}",
            address=str(self.network[number]),
            lower=tuple(lower),
            folder=folder,
            upper=upper or folder / "upper",
            cgroup=f"{self.fleet.cgroup}/{name}",
            bridge=self.fleet.bridge,
        )


def lay_ground(fleet: Fleet, zone: str) -> Ground:
    """Have the fleet's folder, key, subnet and bridge."""
    fleet.folder.mkdir(parents=True, exist_ok=True)
    fleet.folder.chmod(0o700)
    if not fleet.key.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", fleet.name, "-f", str(fleet.key))
    subnet = network.reserve(fleet)
    network.add_bridge(fleet, subnet)
    return Ground(fleet, subnet, zone)


def bring_up(ground: Ground, guests: Iterable[Guest]) -> None:
    """Boot *guests* side by side and wait until root's SSH of each answers. A server that runs is left alone.

    Raises:
        LabError: one does not come up.
    """

    def boot(guest: Guest) -> None:
        if guest.leader() is None:
            guest.clear()
            guest.mount()
            dress(
                guest.root,
                name=guest.name,
                address=ground.network[int(guest.address.rpartition(".")[2])],
                network=ground.network,
                zone=ground.zone,
                public_key=ground.fleet.key.with_suffix(".pub").read_text(encoding="ascii"),
            )
            remember(guest)
            guest.start()
        guest.wait_until_up(ground.fleet.key)

    with ThreadPoolExecutor() as pool:
        list(pool.map(boot, guests))


def leftovers(fleet: Fleet) -> list[str]:
    """Return what of *fleet* is on this machine, in words."""
    found: Mapping[str, bool] = {
        "processes": any(True for _ in cgroups.processes(fleet.cgroup)),
        "a bridge": network.has_bridge(fleet),
        "files": fleet.folder.exists(),
    }
    return [what for what, is_there in found.items() if is_there]


def take_down(fleet: Fleet, say: Callable[[str], None]) -> bool:
    """Remove every process, mount, control group, bridge, address and file of *fleet*. Return whether there was one.

    Needs no record of how far the fleet came up, so that it works after any interruption, and again.
    """
    there = leftovers(fleet)
    if there:
        say(f"removing {', '.join(there)} of {fleet.name}")
    cgroups.kill(fleet.cgroup)
    unmount_below(fleet.folder)
    cgroups.remove(fleet.cgroup)
    network.remove_bridge(fleet)
    if fleet.folder.exists():
        shutil.rmtree(fleet.folder)
    shutil.rmtree(fleet.inventory, ignore_errors=True)
    fleet.description.unlink(missing_ok=True)
    return network.release(fleet) or bool(there)
