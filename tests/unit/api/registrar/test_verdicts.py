"""What a registry knows of a name, and what that says of an order that was made at a certain time."""

from datetime import UTC, datetime, timedelta

import pytest

from api.domains.epp.domains import State
from api.domains.epp.transfers import Transfer
from api.domains.epp.verdicts import held, moved, waiting
from api.domains.registrar import Done, Pending, Reason, Refused, Unknown

pytestmark = pytest.mark.slow

SINCE = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BEFORE, AFTER = SINCE - timedelta(minutes=1), SINCE + timedelta(minutes=1)


def known(**other: object) -> State:
    """Return a domain of ours."""
    plain = State("x.de", "D1", frozenset({"ok"}), frozenset(), "we", "", (), BEFORE, None, None, ())
    return plain._replace(**other)  # type: ignore[arg-type]


def asked(**other: object) -> Transfer:
    """Return a transfer to us."""
    return Transfer("x.de", "pending", "we", AFTER, "they", AFTER, None)._replace(**other)  # type: ignore[arg-type]


def test_a_name_is_registered_for_this_order_only_when_it_was_made_after_it() -> None:
    assert isinstance(held(known(created_at=AFTER), SINCE), Done)
    assert isinstance(held(known(created_at=AFTER, statuses=frozenset({"pendingCreate"})), SINCE), Pending)
    assert isinstance(held(known(created_at=BEFORE), SINCE), Refused)


def test_a_name_moved_for_this_order_only_when_it_moved_after_it() -> None:
    approved = asked(status="serverApproved")
    assert isinstance(moved(known(transferred_at=AFTER), None, SINCE, "we"), Done)
    assert isinstance(moved(known(), approved, SINCE, "we"), Done)
    assert isinstance(moved(known(transferred_at=BEFORE), approved, SINCE, "we"), Refused)
    assert isinstance(moved(known(), asked(status="serverApproved", gaining="they"), SINCE, "we"), Unknown)
    assert isinstance(moved(known(), None, SINCE, "we"), Unknown)


@pytest.mark.parametrize(
    ("latest", "reason"),
    [
        (asked(status="clientRejected"), Reason.REJECTED),
        (asked(status="clientCancelled"), Reason.REJECTED),
        (asked(status="serverCancelled"), Reason.TIMED_OUT),
    ],
)
def test_a_transfer_that_moved_nothing_has_a_reason(latest: Transfer, reason: Reason) -> None:
    outcome = waiting(latest, SINCE, "we")
    assert isinstance(outcome, Refused)
    assert outcome.reason is reason


def test_a_transfer_of_somebody_else_or_of_another_time_is_none_of_this_order() -> None:
    assert isinstance(waiting(asked(), SINCE, "we"), Pending)
    assert waiting(None, SINCE, "we") is None
    assert waiting(asked(gaining="third"), SINCE, "we") is None
    assert waiting(asked(asked_at=BEFORE, status="clientRejected"), SINCE, "we") is None
    assert isinstance(waiting(asked(asked_at=BEFORE), SINCE, "we"), Pending), "a second one would be refused"
    assert isinstance(waiting(asked(status="clientApproved"), SINCE, "we"), Unknown)
