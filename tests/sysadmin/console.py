"""The operator's command line, `ankunft`, on the machine of the API."""

import os
import subprocess
import sys
from pathlib import Path

from tests.customer.lab import Lab


def ankunft(lab: Lab, *command: str) -> str:
    """Run `ankunft` with *command* against the fleet's API and return what it printed.

    Raises:
        AssertionError: it ended with another code than 0.
    """
    program = Path(sys.executable).with_name("ankunft")
    done = subprocess.run(
        [program, *command],
        env=os.environ | {"ANKUNFT_CONFIG": str(lab.config)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"ankunft {' '.join(command)} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout
