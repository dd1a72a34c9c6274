"""Where things lie on a hosting server, below a root folder that the tests choose."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .errors import RefusedError, UnavailableError

SERVER_ROOT = Path("/")


def stop_unit(unit: str) -> None:
    """End a systemd *unit* and wait for it. One that does not run, or is unknown, is ended already."""
    try:
        subprocess.run(["/usr/bin/systemctl", "stop", unit], check=True, timeout=60, capture_output=True)
    except subprocess.CalledProcessError as error:
        if error.returncode != _NOT_LOADED:
            raise UnavailableError(
                f"systemctl stop {unit} ended with {error.returncode}; look at its journal"
            ) from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"systemctl stop {unit} took more than 60 s; look at its journal") from None


_NOT_LOADED = 5


@dataclass(frozen=True)
class Host:
    """A server's folders and the ids of its system users."""

    root: Path
    web_uid: int
    web_gid: int
    shadow_gid: int
    stop_unit: Callable[[str], None] = stop_unit

    @classmethod
    def read(cls, root: Path = SERVER_ROOT) -> Host:
        """Look the ids up in the server's own passwd and group files.

        Raises:
            RefusedError: a system user is missing; the playbook server.yml was not run.
        """
        users = _table(root / "etc/passwd")
        groups = _table(root / "etc/group")
        try:
            return cls(root, int(users["www-data"][2]), int(groups["www-data"][2]), int(groups["shadow"][2]))
        except KeyError as error:
            raise RefusedError(f"the server has no {error.args[0]}; run playbooks/server.yml on it first") from None

    def below(self, path: str) -> Path:
        """Return a path of the server, given without its leading slash."""
        return self.root / path

    @property
    def accounts(self) -> Path:
        """Hold a folder per account: the root of its SFTP, root's own."""
        return self.below("srv/accounts")

    @property
    def vhosts(self) -> Path:
        """Hold a link per name that the web serves, to its account's folder."""
        return self.below("srv/vhosts")

    @property
    def certificates(self) -> Path:
        """Hold a certificate with its key per name, or a link to the placeholder."""
        return self.below("srv/tls")

    @property
    def mail(self) -> Path:
        """Hold a folder per account for its mailboxes."""
        return self.below("srv/mail")

    @property
    def users(self) -> Path:
        """Hold the users that libnss-extrausers reads."""
        return self.below("var/lib/extrausers")

    @property
    def markers(self) -> Path:
        """Hold a folder per account that says whose it is, one file per service."""
        return self.below("var/lib/ankunft/accounts")

    def php_limits(self, account: str) -> Path:
        """Return the file with the limits of an account's PHP."""
        return self.below(f"etc/php-account/conf.d/{account}.conf")

    def php_state(self, account: str) -> Path:
        """Return the folder that an account's PHP keeps its sessions in; the customer can write it."""
        return self.below(f"var/lib/php-account/{account}")

    def php_socket(self, account: str) -> Path:
        """Return the socket that an account's PHP listens on while it is awake."""
        return self.below(f"run/php/{account}.sock")

    def php_doors(self, account: str) -> list[Path]:
        """Return the socket, and the name that the waker gives it while it looks whether PHP can end."""
        open_door = self.php_socket(account)
        return [open_door, open_door.with_suffix(".closed")]

    @property
    def database_socket(self) -> Path:
        """Return MariaDB's socket, where root is let in as root."""
        return self.below("run/mysqld/mysqld.sock")


def _table(path: Path) -> dict[str, list[str]]:
    return {line.split(":")[0]: line.split(":") for line in path.read_text().splitlines() if ":" in line}
