"""The contract of the spool: job and report files, versioned.

The API signs a job, the courier carries it, the runner verifies and reads it, the roles act on it. What a
host does not need (names, addresses, phone numbers, bank accounts) has no field here.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA = 1
MAX_JOB_BYTES = 64 * 1024
MAX_LOG_CHARS = 64 * 1024

_HEADER = b"ankunft-job-v1 "
_DOMAIN_TAG = b"ankunft-job-v1\0"

HexId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
HostName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?\Z")]
AccountName = Annotated[str, msgspec.Meta(pattern=r"^a[1-9][0-9]{3,9}\Z")]
FullyQualifiedName = Annotated[
    str, msgspec.Meta(pattern=r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z", max_length=253)
]
PasswordHash = Annotated[
    str, msgspec.Meta(pattern=r"^\$6\$(?:rounds=[0-9]{4,7}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}\Z")
]
Service = Literal["web", "database", "mail"]

UID_OFFSET = 1_900_000_000
"""uid = offset + account number: above systemd's containers (< 1,879,048,192), the subordinate ids and nobody."""


class JobRefusedError(Exception):
    """A job file is not one that the API signed for this contract."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tariff grants."""

    web_space_mib: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    mailboxes: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    databases: Annotated[int, msgspec.Meta(ge=0, le=1_000)]
    php_memory_mib: Annotated[int, msgspec.Meta(ge=16, le=4_096)]
    php_processes: Annotated[int, msgspec.Meta(ge=1, le=64)]


class Domain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A domain of the order as an A-label; *mail* once its registration or transfer is confirmed."""

    name: FullyQualifiedName
    mail: bool


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state that an account shall have on the host."""

    id: HexId
    name: AccountName
    uid: Annotated[int, msgspec.Meta(ge=UID_OFFSET, lt=2**31 - 1)]
    state: Literal["present", "suspended", "absent"]
    services: Annotated[list[Service], msgspec.Meta(min_length=1, max_length=3)]
    technical_name: FullyQualifiedName
    domains: Annotated[list[Domain], msgspec.Meta(max_length=100)]
    password_hash: PasswordHash
    limits: Limits


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attempt to bring one account on one host into a state.

    (*epoch*, *attempt*) rises with every attempt for an account; a restore of the API from a backup raises the epoch.
    """

    schema: Literal[1]
    job_id: HexId
    attempt: Annotated[int, msgspec.Meta(ge=1)]
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    host: HostName
    issued_at: datetime
    not_after: datetime
    account: Account

    @property
    def fence(self) -> tuple[int, int]:
        """What makes this attempt newer than another of the same account."""
        return (self.epoch, self.attempt)


class Outcome(StrEnum):
    """How an attempt ended: FAILED = a task said no; ERRORED = it could not be tried, worth a repetition."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ERRORED = "ERRORED"


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the runner tells of one attempt; everything in it is hostile text to the API."""

    schema: Literal[1]
    job_id: HexId
    attempt: Annotated[int, msgspec.Meta(ge=1)]
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    host: HostName
    outcome: Outcome
    changed: Annotated[int, msgspec.Meta(ge=0)]
    started_at: datetime
    finished_at: datetime
    problem: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    facts: dict[str, Annotated[str, msgspec.Meta(max_length=200)]] = {}
    log: Annotated[str, msgspec.Meta(max_length=MAX_LOG_CHARS)] = ""


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a running playbook, for those who watch."""

    at: datetime
    task: Annotated[str, msgspec.Meta(max_length=200)]
    status: Literal["started", "ok", "changed", "failed", "skipped"]
    host: HostName


def sign(job: Job, key: Ed25519PrivateKey) -> bytes:
    """Return the job file: a line with the signature, then the payload as JSON."""
    payload = msgspec.json.encode(job)
    return _HEADER + b64encode(key.sign(_DOMAIN_TAG + payload)) + b"\n" + payload


def open_signed(file: bytes, key: Ed25519PublicKey) -> tuple[Job, bytes]:
    """Verify a job *file* against the API's public *key*; return the job and its payload as it was signed.

    Raises:
        JobRefusedError: too large, torn, forged, or of another schema. Nothing of the content is in the message.
    """
    if len(file) > MAX_JOB_BYTES:
        raise JobRefusedError(f"the job file is larger than {MAX_JOB_BYTES} bytes")
    header, newline, payload = file.partition(b"\n")
    if not newline or not header.startswith(_HEADER):
        raise JobRefusedError("the job file does not begin with an ankunft-job-v1 line")
    try:
        key.verify(b64decode(header.removeprefix(_HEADER), validate=True), _DOMAIN_TAG + payload)
    except (InvalidSignature, ValueError) as error:
        raise JobRefusedError("the job file's signature is not the API's") from error
    try:
        return msgspec.json.decode(payload, type=Job), payload
    except msgspec.MsgspecError as error:
        raise JobRefusedError("the job file is signed but not of schema 1; agent and API differ in version") from error
