"""Hosts, placement files, accounts, draws and jobs."""

from __future__ import annotations

from piccolo.columns import JSON, BigInt, ForeignKey, Integer, OnDelete, Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import Order


class Host(Table, db=DB):
    """A hosting server, by its inventory name, and its agent."""

    id: Serial
    name = Varchar(63)
    #: INVITED, AWAITING_APPROVAL, APPROVED, DRAINING or REVOKED.
    state = Varchar(20)
    #: SHA-256 of the one-time enrolment token; NULL once used.
    token_digest = Varchar(64, null=True, default=None)
    token_expires_at = Timestamptz(null=True, default=None)
    #: What customers are told: the address of the server; where it is NULL, its name.
    address = Varchar(253, null=True, default=None)
    #: Raw Ed25519 key, base64; bound at enrolment.
    public_key = Varchar(44, null=True, default=None)
    #: Digest of the placement file that the agent last reported.
    placement_digest = Varchar(64, null=True, default=None)
    last_seen_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=None)


class PlacementFile(Table, db=DB, tablename="placement_file"):
    """A placement file that staff approved; the newest approved one is in force."""

    digest = Varchar(64, primary_key=True)
    content = Text()
    approved_by = Varchar(80)
    approved_at = Timestamptz(default=None)


class Account(Table, db=DB):
    """What an order gets on the hosts; one per order, for good."""

    id = Varchar(32, primary_key=True)
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    #: The number in name and uid, from the counter.
    number = BigInt()
    name = Varchar(12)
    uid = BigInt()
    pool = Varchar(32)
    password_hash = Varchar(160)
    limits = JSON(default="{}")
    #: Host per service once pinned; all three the same where one host serves everything.
    web_host = Varchar(63, null=True, default=None)
    database_host = Varchar(63, null=True, default=None)
    mail_host = Varchar(63, null=True, default=None)
    #: Facts of the last success (versions, database host), as reported.
    facts = JSON(default="{}")
    #: The domains whose mail the last success switched on.
    mail_domains = JSON(default="[]")
    ready_at = Timestamptz(null=True, default=None)


class Draw(Table, db=DB):
    """One draw of hosts for an account; the seed is rolled once and kept."""

    id = Varchar(32, primary_key=True)
    account = ForeignKey(Account, on_delete=OnDelete.restrict)
    #: 128 bits, hexadecimal; never rolled again.
    seed = Varchar(32)
    need = JSON(default="{}")
    #: OPEN, OFFERED, WAITING (for room) or PINNED.
    state = Varchar(16)
    #: Who was asked, when, with which digest, room and living hosts.
    asked_host = Varchar(63, null=True, default=None)
    asked_at = Timestamptz(null=True, default=None)
    digest = Varchar(64, null=True, default=None)
    room = JSON(default="{}")
    alive = JSON(default="[]")
    #: Result as service → host, and by whose courier.
    placement = JSON(null=True, default=None)
    drawn_by = Varchar(63, null=True, default=None)
    pinned_at = Timestamptz(null=True, default=None)


class Reservation(Table, db=DB):
    """Places of a host that are spoken for: one row per host, changed only by guarded updates."""

    host = Varchar(63, primary_key=True)
    taken = Integer(default=0)


class Job(Table, db=DB):
    """The hand-off of one account to its host, until it is reported done."""

    id = Varchar(32, primary_key=True)
    account = ForeignKey(Account, on_delete=OnDelete.restrict)
    #: Order among the jobs of one account; only the first unfinished one is handed out.
    sequence = Integer()
    #: present, suspended or absent.
    target = Varchar(16)
    state = Varchar(20)
    host = Varchar(63, null=True, default=None)
    epoch = Integer(default=1)
    #: Counts every hand-out for the account, over all its jobs: with the epoch the fence that hosts keep.
    attempt = Integer(default=0)
    #: Tries since the last success or retry; five and it is parked.
    tries = Integer(default=0)
    lease_until = Timestamptz(null=True, default=None)
    not_before = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=None)
    finished_at = Timestamptz(null=True, default=None)
    changed = Integer(null=True, default=None)
    #: The domains whose mail the attempt that was handed out last switches on.
    mail_domains = JSON(default="[]")
    problem = Text(null=True, default=None)
    log = Text(default="")


class JobProgress(Table, db=DB, tablename="job_progress"):
    """Steps of a running playbook as the agent tells them, for those who watch."""

    id: Serial
    job = ForeignKey(Job, on_delete=OnDelete.restrict)
    attempt = Integer()
    at = Timestamptz(default=None)
    task = Varchar(200)
    status = Varchar(10)


class AgentNonce(Table, db=DB, tablename="agent_nonce"):
    """Nonces of signed requests that were seen; a second one is a replay."""

    nonce = Varchar(160, primary_key=True)
    seen_at = Timestamptz(default=None)
