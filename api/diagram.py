"""The tables of moves as pictures (Mermaid's stateDiagram-v2), so that what is drawn is what is followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.lifecycle import DOMAIN_MOVES, JOB_MOVES, MAIL_MOVES, ORDER_MOVES, E, S, final


def diagrams() -> dict[str, str]:
    """Return the diagram of everything that has a life, by its name."""
    return {
        "order": diagram(ORDER_MOVES),
        "job": diagram(JOB_MOVES),
        "domain": diagram(DOMAIN_MOVES),
        "mail": diagram(MAIL_MOVES),
    }


def diagram(moves: Mapping[tuple[S, E], S]) -> str:
    """Return *moves* as a diagram; the state of the first move is where everything begins."""
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _lines(moves))]) + "\n"


def _lines(moves: Mapping[tuple[S, E], S]) -> Iterator[str]:
    first = next(state for state, _ in moves)
    yield f"[*] --> {first}"
    for (state, event), after in moves.items():
        yield f"{state} --> {after}: {event}"
    for state in sorted(final(moves)):
        yield f"{state} --> [*]"
