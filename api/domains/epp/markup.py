"""The XML of EPP: elements built, frames written, frames read. No string is ever pasted into XML, none is expanded."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from lxml import etree

EPP = "urn:ietf:params:xml:ns:epp-1.0"
DOMAIN = "urn:ietf:params:xml:ns:domain-1.0"
HOST = "urn:ietf:params:xml:ns:host-1.0"
CONTACT = "urn:ietf:params:xml:ns:contact-1.0"
SECDNS = "urn:ietf:params:xml:ns:secDNS-1.1"
RGP = "urn:ietf:params:xml:ns:rgp-1.0"
PREFIXES = {"epp": EPP, "domain": DOMAIN, "host": HOST, "contact": CONTACT, "secDNS": SECDNS, "rgp": RGP}
"""As the RFCs write them; read by XPath, written by `Vocabulary`."""

Element = etree._Element  # noqa: SLF001 (lxml publishes no other name of this type)

UNSENDABLE = re.compile(r"[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry, and tab and line ends, which its normalisation would change on the way."""

UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
"""Controls and turns of writing direction in a registry's words."""

LONGEST_WORDS = 2000


class UnsendableError(ValueError):
    """A value holds characters that XML cannot carry unchanged; the message names the element, never the value."""


class UnreadableError(Exception):
    """What came is no frame of EPP; the message holds nothing of it."""


class Vocabulary(NamedTuple):
    """Makes elements of one namespace."""

    prefix: str

    def __call__(self, name: str, *content: str | Element | None, **attributes: str) -> Element:
        """Return an element; content that is None is left out.

        Raises:
            UnsendableError: a text cannot be carried.
        """
        namespaces: Any = {None if self.prefix == "epp" else self.prefix: PREFIXES[self.prefix]}
        kept = {key: sendable(name, value) for key, value in attributes.items()}
        made = etree.Element(f"{{{PREFIXES[self.prefix]}}}{name}", kept, namespaces)
        for part in content:
            if isinstance(part, str):
                made.text = (made.text or "") + sendable(name, part)
            elif part is not None:
                made.append(part)
        return made


epp, domain, host, contact, secdns, rgp = (Vocabulary(prefix) for prefix in PREFIXES)


def sendable(name: str, text: str) -> str:
    """Return *text* as it is.

    Raises:
        UnsendableError: it cannot be the content of the element *name* byte for byte.
    """
    if UNSENDABLE.search(text):
        raise UnsendableError(f"{name} holds a character that XML cannot carry")
    return text


def written(root: Element) -> bytes:
    """Return the frame's bytes, UTF-8, without the four bytes of its length."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=False)


def read(frame: bytes) -> Element:
    """Return the root of a *frame* from outside.

    Nothing outside is fetched and nothing inside is expanded; a document type is refused before a parser sees it. The
    parser takes every frame for UTF-8, whatever it says of itself.

    Raises:
        UnreadableError: it is not UTF-8, no XML, no EPP, or has a document type.
    """
    if b"<!DOCTYPE" in frame or b"<!ENTITY" in frame:
        raise UnreadableError("a frame declares a document type")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(frame, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError("a frame is no XML") from error
    if root.tag != f"{{{EPP}}}epp":
        raise UnreadableError("a frame is no EPP")
    return root


def find(parent: Element | None, path: str) -> Element | None:
    """Return the first element at *path*, written with the RFCs' prefixes."""
    return None if parent is None else parent.find(path, PREFIXES)


def find_all(parent: Element | None, path: str) -> list[Element]:
    """Return all elements at *path*."""
    return [] if parent is None else parent.findall(path, PREFIXES)


def text(parent: Element | None, path: str) -> str:
    """Return the text at *path* without blanks around it; nothing where there is none."""
    found = find(parent, path)
    return "" if found is None else str(found.xpath("string()")).strip()


def time(parent: Element | None, path: str) -> datetime | None:
    """Return the time at *path* (UTC), None where there is none that can be read."""
    try:
        said = datetime.fromisoformat(text(parent, path))
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def words(parent: Element | None, path: str) -> str:
    """Return a registry's words at *path*, fit to be shown."""
    return UNSHOWABLE.sub(" ", text(parent, path))[:LONGEST_WORDS]
