"""How long to leave an account alone whose PHP does not start, or ends as soon as it started."""

from dataclasses import dataclass

#: Two starts within this time mean that the first one was in vain.
QUICK_S = 10.0
#: So many starts in vain are forgiven: an administrator may restart a unit by hand.
FORGIVEN = 3
LONGEST_S = 60.0


@dataclass(slots=True)
class _Record:
    started_at: float
    in_vain: int = 0
    not_before: float = 0.0


class Backoff:
    """Remember the starts of each account. All times are of one monotonic clock."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def wait_s(self, account: str, now: float) -> float:
        """Return the seconds to wait before the next start, 0 for none."""
        record = self._records.get(account)
        return max(0.0, record.not_before - now) if record else 0.0

    def started(self, account: str, now: float) -> None:
        """Note a start, whatever becomes of it."""
        before = self._records.get(account)
        quick = before is not None and now - max(before.started_at, before.not_before) < QUICK_S
        in_vain = before.in_vain + 1 if before and quick else 0
        self._records[account] = _Record(now, in_vain, now + _pause_s(in_vain - FORGIVEN))

    def failed(self, account: str, now: float) -> None:
        """Note that the start just made failed."""
        record = self._records[account]
        record.not_before = max(record.not_before, now + _pause_s(record.in_vain + 1))

    def forget_older_than(self, now: float) -> None:
        """Drop what no longer counts, so that the memory does not grow with the accounts."""
        self._records = {
            account: record
            for account, record in self._records.items()
            if now - max(record.started_at, record.not_before) < QUICK_S
        }


def _pause_s(times: int) -> float:
    """Return 1, 2, 4 … seconds for 1, 2, 3 … times, LONGEST_S at most, 0 for none."""
    return min(LONGEST_S, 2.0 ** min(times - 1, 10)) if times > 0 else 0.0
