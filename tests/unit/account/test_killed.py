"""A run that is killed at any system call is continued by the next one, to the same end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ankunft.change import perform
from ankunft.errors import UnavailableError
from ankunft.host import Host
from ankunft.job import parse_job
from ankunft.web import desired

from tests.unit.account.conftest import JobMaker, as_text
from tests.unit.account.listing import listing

pytestmark = pytest.mark.slow

#: Every call by which the library leaves a trace on the disk.
_TRACES = ["open", "mkdir", "fchown", "fchmod", "setxattr", "fsync", "rename", "symlink", "unlink", "rmdir", "link"]


def bring(host: Host, job: dict[str, Any]) -> list[str]:
    account = parse_job(as_text(job)).account
    return [change.thing for change in perform(desired(account, host, "$domain"), check=False)]


def killed_at(host: Host, job: dict[str, Any], number: int) -> bool:
    """Bring the job about in a process that dies without a word at the *number*th call; tell whether it died."""
    child = os.fork()
    if child == 0:
        left = [number]

        def fatal(real: Callable[..., object]) -> Callable[..., object]:
            def call(*values: Any, **names: Any) -> object:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return real(*values, **names)

            return call

        for name in _TRACES:
            setattr(os, name, fatal(getattr(os, name)))
        try:
            bring(host, job)
        except UnavailableError:  # the process that was the customer died in its stead
            os._exit(9)
        except BaseException:  # noqa: BLE001 -- a forked child must not return into pytest
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, 9}
    return code == 9


def comparable(root: Path) -> dict[str, str]:
    """Return the listing without the one thing that is different in every account: the password."""
    return {path: text for path, text in listing(root).items() if not path.endswith(".my.cnf")}


@pytest.mark.parametrize("state", ["present", "suspended", "absent"])
def test_a_kill_at_any_point_is_healed_by_the_next_run(host: Host, root: Path, job: JobMaker, state: str) -> None:
    def start_over() -> None:
        bring(host, job(state="absent"))
        if state != "present":
            bring(host, job())

    start_over()
    bring(host, job(state=state))
    clean = comparable(root)
    number = 0
    died = True
    while died:
        start_over()
        died = killed_at(host, job(state=state), number)
        bring(host, job(state=state))
        assert comparable(root) == clean, f"after a death at call {number}"
        assert bring(host, job(state=state)) == []
        number += 1
    assert number > 20


def test_a_kill_while_a_new_one_is_made_leaves_nothing_that_absent_does_not_remove(
    host: Host, root: Path, job: JobMaker
) -> None:
    bring(host, job())
    bring(host, job(state="absent"))
    empty = listing(root)
    number = 0
    while killed_at(host, job(), number):
        bring(host, job(state="absent"))
        assert listing(root) == empty, f"after a death at call {number}"
        number += 1
