"""Run the benches, print their table, keep their figures: `python -m tests.bench [NAME …]`."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable
from typing import cast

from rich.console import Console

import tests.bench
from tests.bench.results import FILE, Results, keep
from tests.bench.table import show


def benches() -> dict[str, Callable[[], Results]]:
    """Return the benches by name."""
    found = {}
    for module in pkgutil.iter_modules(tests.bench.__path__):
        if module.name != "__main__":
            run = getattr(importlib.import_module(f"tests.bench.{module.name}"), "run", None)
            if callable(run):
                found[module.name] = cast("Callable[[], Results]", run)
    return found


def main() -> int:
    """Run what is asked for, all if nothing is; 1 if a bench broke."""
    known = benches()
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}")
    names = parser.parse_args().names or list(known)
    if unknown := set(names) - set(known):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    console = Console(width=max(160, Console().width))
    broken = []
    for name in names:
        began = time.monotonic()
        console.print(f"[bold]== {name}[/]")
        try:
            keep(known[name]())
        except Exception:  # noqa: BLE001 -- the others' figures are worth having
            traceback.print_exc()
            broken.append(name)
        console.print(f"   {time.monotonic() - began:.0f} s")
    if FILE.exists():
        show(json.loads(FILE.read_text()), console)
    if broken:
        console.print(f"[red]broken: {', '.join(broken)}[/]")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
