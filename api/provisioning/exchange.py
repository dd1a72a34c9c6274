"""What agents and API tell each other over HTTP, strictly typed. Job file and report are in `agent.jobs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from agent.jobs import HostName, Progress

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host's agent introduces itself."""

    token: Annotated[str, msgspec.Meta(max_length=128)]
    host: HostName
    #: Raw Ed25519 key, base64.
    public_key: Annotated[str, msgspec.Meta(max_length=64)]


class Enrolled(msgspec.Struct, frozen=True):
    """How far the enrolment is; staff compare the fingerprint."""

    host: str
    state: str
    fingerprint: str


class Itself(msgspec.Struct, frozen=True):
    """What the API knows of the host that asks."""

    host: str
    state: str
    epoch: int
    server_time: datetime


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A courier asks for work."""

    #: Of the placement file it has; without one it is asked for no draw.
    digest: Digest | None
    wait_s: Annotated[float, msgspec.Meta(ge=0, le=25)]
    #: How many jobs it can take.
    capacity: Annotated[int, msgspec.Meta(ge=0, le=100)]


class DrawTask(msgspec.Struct, frozen=True):
    """A draw to be made."""

    draw_id: str
    seed: str
    need: Mapping[str, Any]
    room: Mapping[str, int]
    alive: Sequence[str]
    digest: str


class JobTask(msgspec.Struct, frozen=True):
    """A job for the host, signed."""

    job_id: str
    attempt: int
    #: base64
    file: str
    lease_s: int


class Work(msgspec.Struct, frozen=True):
    """What there is to do."""

    draws: Sequence[DrawTask]
    jobs: Sequence[JobTask]


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The result of a draw: service → host, null when nobody is eligible."""

    digest: Digest
    placement: dict[Annotated[str, msgspec.Meta(max_length=16)], HostName] | None


class Pinned(msgspec.Struct, frozen=True):
    """Whether the host has the account now."""

    pinned: bool


class Renewal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sign of life for a job."""

    attempt: Annotated[int, msgspec.Meta(ge=1)]
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    progress: Annotated[list[Progress], msgspec.Meta(max_length=200)] = []


class Lease(msgspec.Struct, frozen=True):
    """How long the API goes on waiting."""

    lease_s: int


class Accepted(msgspec.Struct, frozen=True):
    """The report is kept; the courier may forget it."""

    accepted: bool = True
