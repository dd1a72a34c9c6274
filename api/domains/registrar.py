"""What a registrar is: the one seam between a domain's life here and whoever orders domains. No driver lives here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

import msgspec


class Availability(StrEnum):
    """Whether a name can be ordered."""

    AVAILABLE = "available"
    TAKEN = "taken"
    #: Nobody could say; never taken for available.
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a domain was refused, as far as it decides what the customer can do."""

    WRONG_AUTH_CODE = "WRONG_AUTH_CODE"
    #: The present registrar or registry forbids a transfer (clientTransferProhibited, …).
    LOCKED = "LOCKED"
    #: Registered or moved less than (mostly) 60 days ago.
    TOO_YOUNG = "TOO_YOUNG"
    #: The present registrar or the holder said no.
    REJECTED = "REJECTED"
    #: Nobody answered in the registry's time.
    TIMED_OUT = "TIMED_OUT"
    #: Somebody else holds the name.
    TAKEN = "TAKEN"
    #: A transfer of a name that nobody holds.
    NOT_REGISTERED = "NOT_REGISTERED"
    #: The registry asked our name servers and was not content.
    ZONE_NOT_READY = "ZONE_NOT_READY"
    #: The registry's rules for the name or the holder.
    POLICY = "POLICY"
    #: Our account at the registry has not enough money.
    BALANCE = "BALANCE"
    #: The registry does not take our name servers as hosts.
    NAME_SERVERS = "NAME_SERVERS"


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who shall hold the domain: the customer, as handed in."""

    company: str | None
    name: str
    street: str
    postal_code: str
    city: str
    #: ISO 3166-1, two letters.
    country: str
    #: E.164.
    phone: str
    email: str


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One order of one domain, its intent stored before anything is sent."""

    #: order_domain.id.
    id: int
    #: A-label.
    name: str
    action: Literal["register", "transfer"]
    #: In clear, in memory only, byte for byte what the customer gave.
    auth_code: str | None
    holder: Holder
    nameservers: tuple[str, ...]
    years: int = 1
    #: Our clTRID, stored before the first send; every repeat of this trade uses it. [A-Z0-9-], 3 to 64 characters.
    transaction_id: str
    #: When the intent was stored: what the registry made earlier is not this trade's.
    since: datetime


class Ds(msgspec.Struct, frozen=True):
    """A delegation signer (RFC 4034): what the parent publishes of a zone's key."""

    key_tag: int
    algorithm: int
    digest_type: int
    #: Hexadecimal.
    digest: str


class Done(msgspec.Struct, frozen=True):
    """The domain is ours."""

    expires_at: datetime | None = None
    #: The registry's own id (roid), for staff.
    registry_id: str | None = None


class Pending(msgspec.Struct, frozen=True):
    """The registry took the order and will say by message how it ends."""

    #: What the registry calls it (svTRID), for staff.
    reference: str | None = None


class Refused(msgspec.Struct, frozen=True):
    """The registry said no: repeating the same will not help."""

    reason: Reason
    #: The registry's own words, for staff; no auth code in it.
    text: str = ""


class Unknown(msgspec.Struct, frozen=True):
    """The answer was lost, or could not be read: `look` decides."""

    #: For staff, without data from the wire.
    why: str = ""


Outcome = Done | Pending | Refused | Unknown


class News(StrEnum):
    """What a registry's message is about."""

    #: A pending create ended well (panData).
    REGISTERED = "REGISTERED"
    #: A transfer to us ended well (trnData).
    TRANSFERRED = "TRANSFERRED"
    #: A pending create or transfer to us ended badly; `reason` says why.
    REFUSED = "REFUSED"
    #: Somebody asks for a domain of ours (trnData, pending, we are acID).
    LEAVING = "LEAVING"
    #: A domain of ours went to another registrar.
    LEFT = "LEFT"
    #: A transfer away was rejected or cancelled.
    STAYED = "STAYED"
    EXPIRING = "EXPIRING"
    #: serverHold, clientHold, redemption: it does not answer any more.
    ON_HOLD = "ON_HOLD"
    #: Hold or expiry is over.
    RELEASED = "RELEASED"
    LOW_BALANCE = "LOW_BALANCE"
    #: Anything else, and what could not be read: kept for staff.
    OTHER = "OTHER"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message out of the registry's queue."""

    id: str
    kind: News
    #: When the registry queued it.
    at: datetime
    #: A-label of the domain it is about.
    name: str | None = None
    #: Our clTRID that it answers, where it says so (panData's paTRID).
    transaction_id: str | None = None
    reason: Reason | None = None
    expires_at: datetime | None = None
    #: The registry's words, for staff: cut to 2,000 characters, no auth code in it.
    text: str = ""


class RegistrarUnavailableError(Exception):
    """The registry cannot be reached, or answers nothing useful; try again later. No data from the wire in the text."""


class FailedError(RegistrarUnavailableError):
    """The registry is there, and cannot be asked about this one thing: others need not wait."""


class NotTakenError(Exception):
    """The registry answered, and said no: the same again will not help. Its code and words are the text, for staff."""


class Registrar(Protocol):
    """A way to have domains ordered. One worker at a time talks through it: a lease holds the others off."""

    #: What the registry is called in tables, alarms and for staff: "de", "lab", "inwx".
    name: str
    #: Whether staff order domains, and vouch for them.
    by_hand: bool

    async def check(self, name: str) -> Availability:
        """Say whether *name* can be ordered; UNKNOWN when the registry cannot be asked."""

    async def order(self, trade: Trade) -> Outcome:
        """Send the create or the transfer request of *trade* once, and say what came back.

        Everything that must be there before (contact, host objects) is made here and may be made again. Never raises
        after the paid command may have left: that is Unknown.

        Raises:
            RegistrarUnavailableError: the paid command was certainly not sent; FailedError: for this trade alone.
        """

    async def look(self, trade: Trade) -> Outcome | None:
        """Say what became of *trade* (info, transfer query); None = the registry knows nothing of it: order it.

        Done only for what this trade made: a domain that was ours before `trade.since` is Refused(TAKEN).

        Raises:
            RegistrarUnavailableError: the registry cannot be asked now; FailedError: not about this trade.
        """

    async def cancel(self, trade: Trade) -> Outcome:
        """Take a pending transfer request back: Refused when it is, else what stands."""

    async def answer(self, name: str, *, agree: bool) -> None:
        """Let *name* go to the registrar that asks for it, or object.

        Raises:
            RegistrarUnavailableError, NotTakenError: it did not arrive, or nobody knows; it was refused.
        """

    async def renew(self, name: str, before: datetime) -> datetime:
        """Prolong *name* by its registry's usual period where it expires before *before*; return when it expires now.

        May be repeated after a lost answer: what was prolonged expires later, and is not prolonged again.

        Raises:
            RegistrarUnavailableError, NotTakenError: it did not arrive, or nobody knows; it was refused.
        """

    async def delegate(self, name: str, nameservers: Sequence[str], ds: Sequence[Ds]) -> None:
        """Let *name* at the registry have exactly these name servers and DS records; the same again changes nothing.

        Called once the domain is ours. No *ds* = no DNSSEC; a registry that speaks none gets the name servers alone.

        Raises:
            RegistrarUnavailableError, NotTakenError: the registry cannot be asked now; it refused.
        """

    async def poll(self) -> Message | None:
        """Return the oldest message of the queue and leave it there; None = the queue is empty.

        A message that cannot be read comes as News.OTHER: it must not stop those behind it.

        Raises:
            RegistrarUnavailableError: the registry cannot be asked now.
        """

    async def acknowledge(self, message_id: str) -> None:
        """Take a message out of the queue; only after what it says was committed."""

    async def close(self) -> None:
        """End the session."""
