"""The packages of every release come from where this machine's own come from."""

from pathlib import Path

import pytest
from ankunft_lab.errors import LabError
from ankunft_lab.mirror import Source, sources_for

DEB822 = """\
Types: deb
# a comment
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main contrib

Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://mirror.test/source
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://mirror.test/off
Suites: bookworm
Components: main
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_another_release_is_taken_from_the_same_mirrors(etc: Path) -> None:
    (etc / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert sources_for("trixie", etc) == [
        Source("http://mirror.test/debian", "trixie"),
        Source("http://mirror.test/debian", "trixie-updates"),
        Source("http://mirror.test/security", "trixie-security"),
    ]


def test_the_one_line_format_is_read_too(etc: Path) -> None:
    (etc / "sources.list").write_text(
        "# deb http://mirror.test/old bookworm main\n"
        "deb [arch=amd64 signed-by=/x.gpg] http://mirror.test/debian trixie main non-free\n"
        "deb http://elsewhere.test/tools cloud-bookworm main\n"
    )
    assert sources_for("bookworm", etc) == [Source("http://mirror.test/debian", "bookworm")]


def test_a_machine_without_a_debian_mirror_is_told_so(etc: Path) -> None:
    with pytest.raises(LabError, match="no Debian mirror"):
        sources_for("bookworm", etc)


def test_packages_are_only_taken_with_debians_own_signature() -> None:
    assert "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg" in Source("http://mirror.test/debian", "sid").line
