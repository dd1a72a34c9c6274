"""Throw-away servers for the tests and the demo: up, down, and everything that is done to a server on purpose.

python -m tests.fleet up|down KIND [--bare]
python -m tests.fleet kill|start KIND SERVER
python -m tests.fleet ssh KIND SERVER COMMAND…
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# The lab's library lies where Ansible looks for it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "playbooks" / "module_utils"))

from ankunft_lab import cgroups, guest, power
from ankunft_lab.errors import LabError
from ankunft_lab.locks import locked
from ankunft_lab.place import CACHE, Fleet

from tests.customer.lab import Lab, read_lab

CHECKOUT = Path(__file__).resolve().parents[1]
#: Exit code of a shell's command that was ended by Ctrl-C.
INTERRUPTED = 130


class FleetError(AssertionError):
    """A fleet could not be brought up or taken down."""


def fleet_of(kind: str) -> Fleet:
    """Return the identity of this checkout's fleet *kind*."""
    return Fleet(kind, CHECKOUT)


def play(kind: str, state: str, *, bare: bool = False, releases: Sequence[str] = ()) -> None:
    """Run `playbooks/lab.yml` and let it show its progress; *releases* asks for other servers than the usual three.

    With PLAIN=1 in the environment the servers do without warm Ansible and batches.

    Raises:
        FleetError: it failed.
    """
    plain = os.environ.get("PLAIN") == "1"
    wanted: dict[str, object] = {"lab_kind": kind, "lab_state": state, "lab_bare": bare, "lab_plain": plain}
    if releases:
        wanted["lab_servers"] = [{"name": f"{kind}{at}", "release": name} for at, name in enumerate(releases, 1)]
    values = json.dumps(wanted)
    playbook = str(CHECKOUT / "playbooks" / "lab.yml")
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-e", values, playbook]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/root"),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "PYTHONUNBUFFERED": "1",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "no",
        "ANSIBLE_DISPLAY_OK_HOSTS": "no",
    }
    # Two runs for one fleet would tear down what the other builds.
    with locked(CACHE / "locks" / f"{fleet_of(kind).name}.lock", print):
        code = _run_in_group(f"ankunft-lab/run-{fleet_of(kind).name}", command, environment)
    if code:
        raise FleetError(f"playbooks/lab.yml ended with {code}; see above what it says")


def _run_in_group(group: str, command: Sequence[str], environment: dict[str, str]) -> int:
    """Run *command* and return its exit code; an interruption here ends it with all that it started."""
    cgroups.create(group)
    try:
        return subprocess.run(
            cgroups.entering(group, command),
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        ).returncode
    finally:
        cgroups.kill(group)
        cgroups.remove(group)


def up(kind: str, releases: Sequence[str] = ()) -> Lab:
    """Bring the fleet *kind* up, or find it running, and return what it is described as."""
    play(kind, "present", releases=releases)
    return read_lab(fleet_of(kind).description)


def down(kind: str) -> None:
    """Remove every trace of the fleet *kind*."""
    play(kind, "absent")


@contextmanager
def fleet(kind: str, releases: Sequence[str] = (), *, keep: bool = False) -> Iterator[Lab]:
    """Have the fleet *kind* for the block; remove it after success, failure, Ctrl-C and SIGTERM unless *keep*."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield up(kind, releases)
    finally:
        # A second Ctrl-C does not leave servers behind.
        impatient = signal.signal(signal.SIGINT, signal.SIG_IGN)
        if not keep:
            down(kind)
        signal.signal(signal.SIGINT, impatient)
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def ssh(kind: str, server: str, command: Sequence[str]) -> list[str]:
    """Return the command line that runs *command* as root on *server*."""
    known = power.recall(fleet_of(kind), server)
    return guest.ssh(known.address, fleet_of(kind).key, *command)


def kill_server(kind: str, server: str) -> None:
    """Take *server* off the power: everything on it dies at once, its disk stays as it is."""
    power.cut_power(fleet_of(kind), server)


def start_server(kind: str, server: str) -> int:
    """Boot *server* again from its own disk; return its new leader once SSH answers."""
    return power.restore_power(fleet_of(kind), server)


def kill_program(kind: str, program: str) -> int:
    """Kill -9 the API's *program* (`api`, `worker`, `mail`, `sms`); the supervisor starts it again. Return its id."""
    configuration = fleet_of(kind).control / "supervisord.conf"
    control = [str(Path(sys.executable).parent / "supervisorctl"), "-c", str(configuration), "pid", program]
    process = int(subprocess.run(control, capture_output=True, text=True, check=True).stdout)
    os.kill(process, signal.SIGKILL)
    return process


def main() -> int:
    """Do what the command line says."""
    asked = _command_line().parse_args()
    try:
        match asked.action:
            case "up":
                play(asked.kind, "present", bare=asked.bare)
            case "down":
                down(asked.kind)
            case "kill":
                kill_server(asked.kind, asked.server)
            case "start":
                start_server(asked.kind, asked.server)
            case _:
                return subprocess.run(ssh(asked.kind, asked.server, asked.command), check=False).returncode
    except (FleetError, LabError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; `python -m tests.fleet down {asked.kind}` removes what is there", file=sys.stderr)
        return INTERRUPTED
    return 0


def _command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet", description="Throw-away servers of this checkout")
    actions = parser.add_subparsers(dest="action", required=True)
    about = {
        "up": "bring a fleet up",
        "down": "remove every trace of a fleet",
        "kill": "take a server off the power",
        "start": "boot a server again from its own disk",
        "ssh": "run a command as root on a server",
    }
    for action, text in about.items():
        its = actions.add_parser(action, help=text, description=text)
        its.add_argument("kind", help="lab, demo, test, or another word of two to eight small letters")
        if action == "up":
            its.add_argument("--bare", action="store_true", help="servers that only boot, without server.yml and API")
        if action in {"kill", "start", "ssh"}:
            its.add_argument("server")
        if action == "ssh":
            its.add_argument("command", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
