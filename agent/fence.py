"""The fence: the highest (epoch, attempt) that this server ever began for each account.

An attempt below it comes too late, whoever sends it; it changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from agent import durable
from agent.jobs import Job


class StaleJobError(Exception):
    """A newer attempt for the account was begun already."""


class FenceError(Exception):
    """The mark of an account cannot be read; nothing may be begun for it before somebody looked."""


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The highest attempt begun for one account."""

    schema: Literal[1]
    epoch: int
    attempt: int
    job_id: str


def pass_through(folder: Path, job: Job) -> None:
    """Let *job* through if it is the newest for its account, and remember it before it begins.

    The same attempt passes again (a restart in its middle); another job with the same numbers does not.

    Raises:
        StaleJobError: a newer attempt was begun.
        FenceError: the mark is damaged.
        OSError: the mark cannot be written; nothing may begin.
    """
    file = folder / f"{job.account.id}.json"
    mark = _read(file)
    if mark is not None:
        begun = (mark.epoch, mark.attempt)
        if job.fence < begun or (job.fence == begun and job.job_id != mark.job_id):
            raise StaleJobError(f"attempt {job.epoch}.{job.attempt} comes after {mark.epoch}.{mark.attempt} had begun")
        if job.fence == begun:
            return
    durable.write(file, msgspec.json.encode(Mark(1, job.epoch, job.attempt, job.job_id)))


def _read(file: Path) -> Mark | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Mark)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise FenceError(f"{file} is damaged; restore it from a backup or compare with `ankunft job log`") from error
