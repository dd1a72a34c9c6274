"""`python -m tests.demo`: bring servers up, tell the story, prove it, remove the servers. KEEP=1 leaves them."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from tests.demo.proof import run_proofs
from tests.demo.proofs import PROOFS
from tests.demo.screen import Screen
from tests.demo.story import tell
from tests.fleet import fleet

INTERRUPTED = 130


def main() -> int:
    """Give the show; 0 if every proof holds."""
    signal.signal(signal.SIGTERM, _stop)
    screen = Screen()
    screen.title("Ankunft", "from the click on “order” to a web, database and mail account on a real server")
    keep = bool(os.environ.get("KEEP"))
    try:
        screen.chapter("The fleet")
        screen.say(
            "Three hosting servers, real systemd with addresses of their own, made by the playbooks of production."
        )
        with fleet("demo", keep=keep) as lab:
            stage = tell(screen, lab)
            screen.chapter("The proofs")
            screen.say("As the customer does it, from outside the servers.")
            held = run_proofs(screen, stage, PROOFS)
            screen.verdict(held, len(PROOFS))
            stage.desk.http.close()
            screen.say("KEEP=1: the servers stay." if keep else "The servers are removed.")
    except KeyboardInterrupt:
        screen.say("interrupted; the servers are gone" if not keep else "interrupted; KEEP=1: the servers stay")
        return INTERRUPTED
    return 0 if held == len(PROOFS) else 1


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End like Ctrl-C does, so that the servers are removed."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
