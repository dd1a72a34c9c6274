"""A proof: a sentence, and what shows that it is true. Run one by one, each on its own line."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.demo.screen import Screen
from tests.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Proof:
    """A *sentence* and its *check*, which returns a detail worth showing and raises if the sentence is not true."""

    sentence: str
    check: Callable[[Stage], str]


def expect(holds: object, otherwise: str) -> None:
    """Raise AssertionError with the message *otherwise*, unless *holds*."""
    if not holds:
        raise AssertionError(otherwise)


def run_proofs(screen: Screen, stage: Stage, proofs: Sequence[Proof]) -> int:
    """Run *proofs* in order, show each as it ends, and return how many hold."""
    held = 0
    for number, proof in enumerate(proofs, start=1):
        began = time.monotonic()
        try:
            with screen.waiting(proof.sentence, quietly=True):
                detail, holds = proof.check(stage), True
        except Exception as error:  # noqa: BLE001 (a proof that breaks is a proof that does not hold; the next is run)
            detail, holds = f"{type(error).__name__}: {error}"[:600], False
        screen.proof(number, proof.sentence, time.monotonic() - began, detail, holds=holds)
        held += holds
    return held
