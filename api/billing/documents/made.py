"""What comes out of a statement: the documents, and what is wrong with them."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """A rule that a document breaks."""

    #: BR-CO-10, BR-DE-15, …; "XSD" for the schema, "XML" for what is none, "PDF" for what cannot be set,
    #: "MAKING" for what went wrong otherwise, "LATE" for what leaves too few days to pay.
    rule: str
    message: str


class Made(msgspec.Struct, frozen=True):
    """The documents of a statement. With findings they must not go out."""

    #: PDF/A-3 with the XML inside; empty where it could not be set.
    pdf: bytes
    xml: bytes
    findings: tuple[Finding, ...]
