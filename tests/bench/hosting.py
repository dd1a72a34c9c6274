"""The hosting server's benches, one after the other on one throw-away server: P1, P2, P3, P4, P8 and the whole way."""

from __future__ import annotations

import traceback

from tests.bench import at_rest, fifty, growth, neighbours, one_order, way
from tests.bench.hostsite import host_site
from tests.bench.results import Results, keep

PARTS = (one_order, way, fifty, at_rest, neighbours, growth)


def run() -> Results:
    """Measure all; a part that breaks does not take the others' figures along."""
    results: Results = {}
    broken = []
    with host_site() as site:
        for part in PARTS:
            try:
                results |= part.measure(site)
                keep(results)
            except Exception:  # noqa: BLE001 -- told at the end
                traceback.print_exc()
                broken.append(part.__name__)
    if broken:
        raise AssertionError(f"broken: {', '.join(broken)}")
    return results
