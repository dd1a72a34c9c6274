"""The PDF/A-3 as a Factur-X or ZUGFeRD container: what typst made, with metadata that say which XML lies inside.

The metadata are added as an incremental update (ISO 32000-1, 7.5.6), which PDF/A allows: the file that was set stays
as it is, and a second version of one object, the XMP packet, follows it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"

CATALOG = re.compile(rb"\n(\d+) 0 obj\n<</Type/Catalog\b[^\n]*?/Metadata (\d+) 0 R")
TRAILER = re.compile(rb"trailer\n<<(?P<entries>[^\n]*)>>\nstartxref\n(?P<at>\d+)\n%%EOF\s*\Z")
PACKET = re.compile(rb"<\?xpacket begin=.*?<\?xpacket end=[^>]*\?>", re.DOTALL)

PROPERTIES = {
    "DocumentFileName": "The name of the embedded XML document",
    "DocumentType": "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER",
    "Version": "The actual version of the standard applying to the embedded XML document",
    "ConformanceLevel": "The conformance level of the embedded XML document",
}


class ContainerError(Exception):
    """A PDF is not as typst writes them; its library changed."""


class Content(NamedTuple):
    """How the XML is called inside, and what it conforms to."""

    file_name: str
    level: str


PLAIN = Content("factur-x.xml", "EN 16931")
PUBLIC_BODY = Content("xrechnung.xml", "XRECHNUNG")


def label(pdf: bytes, content: Content) -> bytes:
    """Return *pdf* with metadata that tell of *content*.

    Raises:
        ContainerError: the file has no metadata where they are expected.
    """
    catalog, trailer = CATALOG.search(pdf), TRAILER.search(pdf)
    packets = list(PACKET.finditer(pdf))
    if not catalog or not trailer or len(packets) != 1:
        raise ContainerError("the PDF has no metadata to label; is this another version of typst?")
    number = int(catalog[2])
    packet = _labelled(packets[0][0], content)
    update = b"%d 0 obj\n<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (
        number, len(packet), packet,
    )  # fmt: skip
    start = len(pdf) + (not pdf.endswith(b"\n"))
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<<%b/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        number, start, trailer["entries"], int(trailer["at"]), start + len(update),
    )  # fmt: skip
    return pdf + b"\n" * (start - len(pdf)) + update + table


def _labelled(packet: bytes, content: Content) -> bytes:
    schemas, rdf = b"</rdf:Bag></pdfaExtension:schemas>", b"</rdf:RDF>"
    if packet.count(schemas) != 1 or packet.count(rdf) != 1:
        raise ContainerError("the PDF's metadata have another shape; is this another version of typst?")
    values = {
        "DocumentFileName": content.file_name, "DocumentType": "INVOICE", "Version": "1.0",
        "ConformanceLevel": content.level,
    }  # fmt: skip
    said = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value in values.items())
    description = f'<rdf:Description rdf:about="" xmlns:fx="{FX}">{said}</rdf:Description>'
    return packet.replace(schemas, _schema().encode() + schemas).replace(rdf, description.encode() + rdf)


def _schema() -> str:
    """Return the PDF/A extension schema that the specification of Factur-X 1.0 asks for."""
    properties = "".join(
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{text}</pdfaProperty:description><pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, text in PROPERTIES.items()
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{FX}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
