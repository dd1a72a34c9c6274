"""A fleet is known by its kind and its checkout."""

from pathlib import Path

import pytest
from ankunft_lab.errors import LabError
from ankunft_lab.place import Fleet


def test_fleets_of_two_checkouts_share_no_name() -> None:
    one, other = Fleet("lab", Path("/srv/a")), Fleet("lab", Path("/srv/b"))
    assert {one.name, one.bridge, one.folder, one.cgroup}.isdisjoint(
        {other.name, other.bridge, other.folder, other.cgroup}
    )


def test_a_bridge_name_fits_into_an_interface_name() -> None:
    assert len(Fleet("rehearse", Path("/srv/a")).bridge) <= 15


def test_the_description_lies_where_the_kind_says() -> None:
    assert Fleet("demo", Path("/srv/a")).description == Path("/srv/a/.lab/demo.json")


@pytest.mark.parametrize("kind", ["", "../x", "Lab", "lab-1", "far-too-long", "a"])
def test_a_kind_that_is_no_plain_word_is_refused(kind: str) -> None:
    with pytest.raises(LabError, match="lab_kind"):
        Fleet(kind, Path("/srv/a"))
