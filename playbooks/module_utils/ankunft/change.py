"""A step towards the desired state: what it finds, what it would do, and how.

A step is a generator function. It looks, yields a `Change` where something differs, and looks further only
when that change was made (or, in check mode, skipped). So a list of steps reads as the order of the work, a
second run yields nothing, and a run that was killed anywhere is continued by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One difference between what is and what shall be. *before* and *after* are shown, so they hold no secret."""

    thing: str
    before: str
    after: str
    make: Callable[[], object]

    def as_diff(self) -> dict[str, str]:
        """Return the difference in the form that Ansible prints for --diff."""
        return {
            "before_header": self.thing,
            "after_header": self.thing,
            "before": f"{self.before}\n" if self.before else "",
            "after": f"{self.after}\n" if self.after else "",
        }


Step = Callable[[], Iterator[Change]]


def perform(steps: Iterable[Step], *, check: bool) -> list[Change]:
    """Make the changes that *steps* ask for, one after the other; only list them if *check*."""
    made = []
    for step in steps:
        for change in step():
            if not check:
                change.make()
            made.append(change)
    return made


def result(changes: list[Change]) -> dict[str, Any]:
    """Return what a role's task reports: whether and what was changed, and the differences."""
    return {
        "changed": bool(changes),
        "changes": [change.thing for change in changes],
        "diff": [change.as_diff() for change in changes],
    }
