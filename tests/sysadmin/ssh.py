"""Root's SSH on a throw-away server."""

import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class CommandFailedError(AssertionError):
    """A command on a server ended with another code than 0."""


@dataclass(frozen=True, slots=True)
class Root:
    """The root user of the server at *address*, opened with the private *key*."""

    address: str
    key: Path

    def run(self, *command: str, stdin: str = "", timeout_s: float = 120) -> str:
        """Run *command*, an argument list, and return what it printed.

        Raises:
            CommandFailedError: it ended with another code than 0; the end of its output is in the message.
        """
        done = subprocess.run(
            [*self._ssh(), shlex.join(command)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr)[-2000:]
            raise CommandFailedError(f"{self.address}: {command[0]} ended with {done.returncode}: {said}")
        return done.stdout

    def _ssh(self) -> Sequence[str]:
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "10",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
        }
        flags = [f"-o{name}={value}" for name, value in options.items()]
        return ["ssh", "-F", "none", *flags, "-i", str(self.key), f"root@{self.address}"]
