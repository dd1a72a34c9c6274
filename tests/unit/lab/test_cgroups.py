"""Control groups are found in old, mixed and unified set-ups."""

from pathlib import Path

import pytest
from ankunft_lab.cgroups import unified
from ankunft_lab.errors import LabError


def test_the_unified_hierarchy_is_found_beside_old_ones() -> None:
    old = (Path("/sys/fs/cgroup/memory"), "cgroup")
    new = (Path("/sys/fs/cgroup/unified"), "cgroup2")
    assert unified([old, new]) == new[0]


def test_a_machine_without_it_is_told_what_to_do() -> None:
    with pytest.raises(LabError, match="cgroup2"):
        unified([(Path("/sys/fs/cgroup/memory"), "cgroup")])
