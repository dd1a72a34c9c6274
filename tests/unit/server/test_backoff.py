"""A pool that does not start is left alone, a little longer each time."""

from __future__ import annotations

from ankunft_waker.backoff import FORGIVEN, LONGEST_S, QUICK_S, Backoff


def test_a_start_that_succeeds_asks_for_no_pause() -> None:
    backoff = Backoff()
    backoff.started("a1001", 100)
    assert backoff.wait_s("a1001", 100) == 0


def test_a_start_that_fails_asks_for_a_pause_that_doubles_up_to_a_limit() -> None:
    backoff, now, pauses = Backoff(), 100.0, []
    for _ in range(9):
        backoff.started("a1001", now)
        backoff.failed("a1001", now)
        pauses.append(backoff.wait_s("a1001", now))
        now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_S, LONGEST_S, LONGEST_S]


def test_php_that_ends_as_soon_as_it_started_is_left_alone_after_a_few_times() -> None:
    backoff, pauses = Backoff(), []
    for now in range(FORGIVEN + 2):
        backoff.started("a1001", now)
        pauses.append(backoff.wait_s("a1001", now))
    assert pauses == [0] * (FORGIVEN + 1) + [1]


def test_php_that_worked_for_a_while_starts_with_a_clean_record() -> None:
    backoff = Backoff()
    for now in range(FORGIVEN + 3):
        backoff.started("a1001", now)
    backoff.started("a1001", now + 1 + 2 * QUICK_S)
    assert backoff.wait_s("a1001", now + 1 + 2 * QUICK_S) == 0


def test_accounts_do_not_pay_for_each_other() -> None:
    backoff = Backoff()
    backoff.started("a1001", 100)
    backoff.failed("a1001", 100)
    assert backoff.wait_s("a1002", 100) == 0


def test_what_no_longer_counts_is_forgotten() -> None:
    backoff = Backoff()
    for number in range(1000):
        backoff.started(f"a{1000 + number}", 100)
    backoff.forget_older_than(100 + QUICK_S)
    assert not backoff._records
