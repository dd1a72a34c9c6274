"""A mail from outside, taken apart: the documents in it, and notes of what was left aside."""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import Message
from email.policy import compat32

from api.activation.contracts.answers import Enclosed, Unpacked
from api.activation.contracts.headers import plain
from api.activation.contracts.kinds import kind_of
from api.activation.contracts.pages import is_page

MOST_PARTS = 200
DEEPEST = 10
MOST_DOCUMENTS = 5
MOST_NOTES = 10
BROKEN_PART = "a part of the mail cannot be taken apart"

SPECIMEN = b"""Subject: =?utf-8?Q?a?= =?iso-8859-1?B?YQ==?=
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: image/png; name*=utf-8''a
Content-Transfer-Encoding: base64

YQ==
--b
Content-Type: text/plain
Content-Transfer-Encoding: quoted-printable
Content-Disposition: attachment; filename*0*=utf-8''a; filename*1=b

=61
--b
Content-Transfer-Encoding: x-uuencode

begin 644 a
!80
`
end
--b--
"""
"""A mail that takes every way through the library, so that all of it is loaded while files can be opened."""


BROKEN = (
    RecursionError, MemoryError, ValueError, LookupError, AttributeError, TypeError, OSError, ImportError
)  # fmt: skip
"""What the library raises over mails that nobody ever tried it with, among them charsets that it cannot load here."""


def unpack(raw: bytes) -> Unpacked:
    """Return the documents of the mail *raw*, whatever it is; a part that is broken costs no other."""
    documents: list[Enclosed] = []
    notes: list[str] = []
    try:
        mail = email.message_from_bytes(raw, policy=compat32)
        sender, subject = plain(mail.get("From")), plain(mail.get("Subject"))
    except BROKEN:
        return Unpacked([], ["the mail cannot be taken apart"], "", "", is_whole=False)
    is_whole = True
    try:
        for part in _leaves(mail, 0, [0]):
            is_whole &= _is_taken(part, documents, notes)
    except (_TooMuchError, *BROKEN) as error:
        notes.append(str(error) if isinstance(error, _TooMuchError) else BROKEN_PART)
        is_whole = False
    return Unpacked(documents, notes[:MOST_NOTES], sender, subject, is_whole)


def _is_taken(part: Message, documents: list[Enclosed], notes: list[str]) -> bool:
    """Take *part*, or note that it cannot be looked into."""
    try:
        _take(part, documents, notes)
    except BROKEN:
        notes.append(BROKEN_PART)
        return False
    return True


class _TooMuchError(Exception):
    """A mail of too many or too deep parts."""


def _leaves(part: Message, depth: int, seen: list[int]) -> Iterator[Message]:
    seen[0] += 1
    if depth > DEEPEST or seen[0] > MOST_PARTS:
        raise _TooMuchError("the mail has too many parts; the rest was left aside")
    payload = part.get_payload()
    if isinstance(payload, list):
        for inner in payload:
            if isinstance(inner, Message):
                yield from _leaves(inner, depth + 1, seen)
    else:
        yield part


def _take(part: Message, documents: list[Enclosed], notes: list[str]) -> None:
    """Keep *part* if it is a document; note it if somebody may have meant it as one."""
    content = part.get_payload(decode=True)
    name = plain(part.get_filename())
    if not isinstance(content, bytes) or not content:
        return
    if kind_of(content) is None:
        if name or part.get_content_maintype() not in {"text", "multipart", "message"}:
            notes.append(f"{name or plain(part.get_content_type())[:60]}: refused, it is no PDF, TIFF, JPEG or PNG")
    elif not is_page(content):
        notes.append(f"{name or 'a picture'}: left aside, it is too small to be a page")
    elif len(documents) == MOST_DOCUMENTS:
        raise _TooMuchError(f"the mail has more than {MOST_DOCUMENTS} documents; the rest was left aside")
    else:
        documents.append(Enclosed(name, content))
