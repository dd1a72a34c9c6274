"""What the agent's tests share: a server in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.agent.site_folder import Site, make_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make a server with a spool, keys and a playbook that leaves a file in `effects`."""
    return make_site(tmp_path)
