"""Which files of the spool become work: signed by the API, for this host, in time, the newest for their account."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent import fence
from agent.claim import expected
from agent.jobs import Job, JobRefusedError, open_signed


class ForeignJobError(Exception):
    """A signed job that is not for this host, or not what its name says: the courier plays false."""


class LateJobError(Exception):
    """A signed job for this host whose time is over; *job* is to be reported as not tried."""

    def __init__(self, job: Job, message: str) -> None:
        super().__init__(message)
        self.job = job


def identify(name: str, file: bytes, *, key: Ed25519PublicKey, host: str) -> tuple[Job, bytes]:
    """Return the job in *file*, called *name* in the spool, and its payload.

    Raises:
        JobRefusedError: not the API's, torn, or of another schema.
        ForeignJobError: another host's, or under another attempt's name.
    """
    attempt = expected(name)
    if attempt is None:
        raise JobRefusedError("the courier makes no such names")
    job, payload = open_signed(file, key)
    if job.host != host:
        raise ForeignJobError(f"the job is for the host {job.host}, this is {host}")
    if (job.job_id, job.epoch, job.attempt) != attempt:
        raise ForeignJobError("the job stands under another attempt's name")
    return job, payload


def admit(job: Job, fences: Path, now: datetime) -> None:
    """Let *job* begin, or not; once it returned, no older attempt will ever begin here.

    Raises:
        LateJobError: its time is over by this server's clock.
        StaleJobError: a newer attempt for the account was begun.
        FenceError, OSError: it cannot be told or remembered.
    """
    if now > job.not_after:
        valid = job.not_after.astimezone(UTC)
        raise LateJobError(
            job,
            f"the job was valid until {valid:%Y-%m-%dT%H:%M:%SZ} and {job.host}'s clock says {now:%Y-%m-%dT%H:%M:%SZ};"
            " if that is wrong, set the clock (timedatectl)",
        )
    fence.pass_through(fences, job)
