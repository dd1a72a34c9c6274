"""The playbooks, inventory and templates that sysadmins edit, and the last version of them that was found good.

Runs use a copy that was checked, never the folder that is being edited. A broken edit is told and left alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent import durable
from agent.environment import ansible_environment, programs

log = logging.getLogger(__name__)

PARTS = ("playbooks", "inventory", "templates", "ansible.cfg")
MAX_FILES = 20_000
KEPT_VERSIONS = 3
CHECK_TIMEOUT_S = 120.0
BETWEEN_LOOKS_S = 0.5
"""An edit is taken into use when two looks found it the same: not in the middle of an upload."""
LOOK_ANYWAY_S = 30.0
"""How long a hint that was lost keeps an edit from being seen."""
_LOOK_S = 0.2

_IGNORED = shutil.ignore_patterns(".*", "*~", "#*#", "__pycache__", "*.pyc", "*.swp")


class BrokenProjectError(Exception):
    """The project as it stands cannot be used; the message says why."""


class Project:
    """The project in *source*; good versions are kept below *store*, which only root can write."""

    def __init__(
        self, source: Path, store: Path, *, host: str, playbook: Path, inventory: Path, beat: Callable[[], None]
    ) -> None:
        self.source = source
        self.store = store
        self.host = host
        self.playbook = playbook
        self.inventory = inventory
        self.beat = beat
        #: Whether the newest edit was dealt with; while it is not, look again soon.
        self.is_settled = False
        #: Why the newest edit is not in use; None when it is.
        self.refused: str | None = None
        self._seen: str | None = None
        self._handled: str | None = None
        self._look_at = self._look_anyway_at = 0.0
        self._used: list[Path | None] = []

    @property
    def current(self) -> Path | None:
        """Return the folder of the last good version, None before there was one."""
        try:
            version = self.store / (self.store / "current").read_text().strip()
        except FileNotFoundError:
            return None
        return version if version.is_dir() else None

    @contextmanager
    def using(self) -> Iterator[Path | None]:
        """Have the last good version for the length of a block; meanwhile it is not removed. In any thread."""
        version = self.current
        self._used.append(version)
        try:
            yield version
        finally:
            self._used.remove(version)

    def refresh(self, *, is_stirred: bool = True) -> None:
        """Take a changed project into use, once it stands still (at start: at once) and passes its check.

        Unless *is_stirred* nothing hints at a change, and a look is taken only now and then.
        """
        now = time.monotonic()
        if self.is_settled and not is_stirred and now < self._look_anyway_at:
            return
        if now < self._look_at:
            self.is_settled = False
            return
        self._look_at, self._look_anyway_at = now + BETWEEN_LOOKS_S, now + LOOK_ANYWAY_S
        if self._handled is None:
            self._clear()
        try:
            marks = _stat_marks(self.source)
        except (OSError, BrokenProjectError) as error:
            marks = f"unreadable: {error}"
        stands_still = marks == self._seen or self._handled is None
        self._seen = marks
        self.is_settled = marks == self._handled
        if self.is_settled or not stands_still:
            return
        try:
            self._adopt()
        except (BrokenProjectError, OSError, shutil.Error) as error:
            self.refused = str(error)[:1000] or type(error).__name__
            log.error("%s: the edit is not in use, the last good version stays: %s", self.source, self.refused)  # noqa: TRY400
        self._handled = marks
        self.is_settled = True

    def _adopt(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.store, prefix="copy-") as folder:
            copy = Path(folder) / "project"
            _copy(self.source, copy)
            version = self.store / _digest(copy)
            if not version.is_dir():
                self._check(copy, Path(folder))
                copy.rename(version)
        if version != self.current:
            durable.write(self.store / "current", version.name.encode())
            log.info("%s: version %s is in use", self.source, version.name[:12])
        self.refused = None
        os.utime(version)
        self._prune(version)

    def _check(self, copy: Path, scratch: Path) -> None:
        """Ask Ansible whether it can read playbook and inventory, and whether this host stands in it."""
        for program, *arguments in (
            ("ansible-inventory", "-i", str(self.inventory), "--host", self.host),
            ("ansible-playbook", "-i", str(self.inventory), "--syntax-check", str(self.playbook)),
        ):
            self._ask([str(programs() / program), *arguments], copy, scratch)

    def _ask(self, command: list[str], copy: Path, scratch: Path) -> None:
        output = scratch / "output"
        with output.open("wb") as sink:
            process = subprocess.Popen(
                command,
                cwd=copy,
                env=ansible_environment(copy, scratch),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
            waited_s = 0.0
            while process.poll() is None:
                self.beat()
                if waited_s > CHECK_TIMEOUT_S:
                    process.kill()
                try:
                    process.wait(_LOOK_S)
                except subprocess.TimeoutExpired:
                    waited_s += _LOOK_S
        if process.returncode != 0:
            said = output.read_text(errors="replace").replace(str(copy), "").strip()
            raise BrokenProjectError(f"{Path(command[0]).name} says: {said[-800:] or process.returncode}")

    def _clear(self) -> None:
        """Remove what a kill or a power cut left in the store: half copies, versions that are not what they were."""
        for folder in self.store.iterdir():
            if folder.is_dir() and _digest(folder) != folder.name:
                shutil.rmtree(folder)

    def _prune(self, used: Path) -> None:
        versions = [path for path in self.store.iterdir() if path.is_dir() and path not in (used, *self._used)]
        versions.sort(key=lambda path: path.stat().st_mtime)
        for old in versions[: 1 - KEPT_VERSIONS]:
            shutil.rmtree(old)


def _files(source: Path) -> Iterator[Path]:
    """Yield all files and folders of the project that count, in order. Links are followed, as the copy does."""
    number = 0
    for part in PARTS:
        path = source / part
        if path.exists():
            yield path
        for folder, folders, files in os.walk(path, followlinks=True):
            ignored = _IGNORED(folder, [*folders, *files])
            folders[:] = sorted(set(folders) - ignored)
            number += len(files) + len(folders)
            if number > MAX_FILES:
                raise BrokenProjectError(f"it holds more than {MAX_FILES} files; is there a link to its own folder?")
            for name in sorted({*folders, *files} - ignored):
                yield Path(folder) / name


def _stat_marks(source: Path) -> str:
    """Return what changes when a file changes, without reading any."""
    marks = hashlib.sha256()
    for path in _files(source):
        try:
            found = path.stat()
        except FileNotFoundError:
            marks.update(f"{path}\0broken\n".encode(errors="surrogateescape"))
            continue
        when = 0 if stat.S_ISDIR(found.st_mode) else found.st_mtime_ns
        size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
        line = f"{path}\0{found.st_mode}\0{size}\0{when}\0{found.st_ino}\n"
        marks.update(line.encode(errors="surrogateescape"))
    return marks.hexdigest()


def _copy(source: Path, copy: Path) -> None:
    copy.mkdir(mode=0o700)
    for part in PARTS:
        path = source / part
        if path.is_dir():
            shutil.copytree(path, copy / part, ignore=_IGNORED)
        elif path.exists():
            shutil.copy2(path, copy / part)


def _digest(copy: Path) -> str:
    """Return the name of a version: SHA-256 over paths, executable bits and contents."""
    digest = hashlib.sha256()
    for path in _files(copy):
        if path.is_dir():
            continue
        content = path.read_bytes()
        name = os.fsencode(path.relative_to(copy))
        executable = path.stat().st_mode & stat.S_IXUSR
        digest.update(b"%b\0%d\0%d\0" % (name, bool(executable), len(content)))
        digest.update(content)
    return digest.hexdigest()
