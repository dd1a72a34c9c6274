"""What the agent's tests share: a server in a folder, an order API on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.agent.order_api import OrderApi, serving
from tests.unit.agent.site_folder import Site, make_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make a server with a spool, keys and a playbook that leaves a file in `effects`."""
    return make_site(tmp_path)


@pytest.fixture
def api(site: Site) -> Iterator[OrderApi]:
    """Serve an order API that the site's courier speaks to; its host is enrolled by the token."""
    with serving(OrderApi()) as served:
        site.set(api_url=served.url)
        (site.root / "token").write_text(served.token)
        yield served
