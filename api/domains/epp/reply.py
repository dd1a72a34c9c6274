"""What a registry says: its greeting, its answers to commands (RFC 5730 §2.4, §2.6, §3)."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from api.domains.epp.markup import Element, UnreadableError, find, find_all, text, time, words


class Code(IntEnum):
    """Result codes that are told apart here (RFC 5730 §3)."""

    DONE = 1000
    PENDING = 1001
    EMPTY_QUEUE = 1300
    MESSAGE = 1301
    BYE = 1500
    AUTHENTICATION = 2200
    AUTHORIZATION = 2201
    WRONG_AUTH_INFO = 2202
    BILLING = 2104
    NOT_TRANSFERABLE = 2106
    PENDING_TRANSFER = 2300
    NOT_PENDING_TRANSFER = 2301
    EXISTS = 2302
    DOES_NOT_EXIST = 2303
    STATUS_PROHIBITS = 2304
    DATA_POLICY = 2308
    FAILED = 2400
    FAILED_AND_CLOSING = 2500


class Queued(NamedTuple):
    """The head of the queue that an answer carries (msgQ)."""

    id: str
    #: How many messages wait, this one included.
    waiting: int
    at: datetime | None
    words: str


class Reply(NamedTuple):
    """An answer to a command."""

    code: int
    #: The registry's words with its reasons, fit to be shown.
    words: str
    data: Element | None
    extension: Element | None
    queued: Queued | None
    transaction_id: str
    #: svTRID.
    reference: str

    @property
    def good(self) -> bool:
        """Whether the command was carried out, or will be."""
        return self.code < 2000  # noqa: PLR2004 (the second thousand refuses, RFC 5730 §3)

    @property
    def closing(self) -> bool:
        """Whether the registry ends the session with it."""
        return self.code == Code.BYE or self.code >= Code.FAILED_AND_CLOSING


class Greeting(NamedTuple):
    """What a registry says first."""

    #: When it said so, by its own clock.
    at: datetime | None
    objects: frozenset[str]
    extensions: frozenset[str]
    languages: tuple[str, ...]


def greeting(root: Element) -> Greeting:
    """Return what a registry greets with.

    Raises:
        UnreadableError: it is no greeting of EPP 1.0.
    """
    menu = find(root, "epp:greeting/epp:svcMenu")
    if menu is None or "1.0" not in {text(found, ".") for found in find_all(menu, "epp:version")}:
        raise UnreadableError("the registry did not greet in EPP 1.0")
    return Greeting(
        at=time(root, "epp:greeting/epp:svDate"),
        objects=frozenset(text(found, ".") for found in find_all(menu, "epp:objURI")),
        extensions=frozenset(text(found, ".") for found in find_all(menu, "epp:svcExtension/epp:extURI")),
        languages=tuple(text(found, ".") for found in find_all(menu, "epp:lang")),
    )


def reply(root: Element) -> Reply:
    """Return what a registry answers.

    Raises:
        UnreadableError: it is no answer.
    """
    response = find(root, "epp:response")
    result = find(response, "epp:result")
    code = "" if result is None else result.get("code", "")
    if not (len(code) == 4 and code.isascii() and code.isdigit()):  # noqa: PLR2004 (RFC 5730 §3)
        raise UnreadableError("an answer has no result code")
    said = [words(result, "epp:msg"), *(words(found, "epp:reason") for found in find_all(result, "epp:extValue"))]
    return Reply(
        code=int(code),
        words=": ".join(filter(None, said)),
        data=find(response, "epp:resData"),
        extension=find(response, "epp:extension"),
        queued=_queued(find(response, "epp:msgQ")),
        transaction_id=text(response, "epp:trID/epp:clTRID"),
        reference=words(response, "epp:trID/epp:svTRID")[:64],
    )


def _queued(queue: Element | None) -> Queued | None:
    if queue is None or not queue.get("id"):
        return None
    count = queue.get("count", "")
    return Queued(
        id=queue.get("id", ""),
        waiting=int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 1,  # noqa: PLR2004 (no number so long)
        at=time(queue, "epp:qDate"),
        words=words(queue, "epp:msg"),
    )
