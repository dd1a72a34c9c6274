"""The invoice as paper: a PDF/A-3 with the data inside, the same letters, the same bytes for the same statement.

veraPDF is not to be had here; what follows is checked piece by piece, the rest of ISO 19005-3 is typst's word.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import einvoice
import facturx
import msgspec
import pypdf
import pypdfium2
import pytest
from lxml import etree

from api.billing.documents import checks, container, making, words
from api.billing.documents.made import Made
from api.billing.documents.press import Press
from api.billing.statement import Statement
from tests.unit.api.conftest import ROOT
from tests.unit.api.statements import AUSTRIAN, BUYER, HOSTILE, named, statement

pytestmark = pytest.mark.slow

TEMPLATES = ROOT / "templates"
FX = f"{{{container.FX}}}"
PDFA = "{http://www.aiim.org/pdfa/ns/id/}"


async def made(whole: Statement) -> Made:
    document = await making.make(whole, TEMPLATES)
    assert document.findings == ()
    return document


def text_of(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf))


def fonts_of(pdf: bytes) -> Iterator[Any]:
    pages: Any = pypdf.PdfReader(BytesIO(pdf)).pages
    for page in pages:
        for font in page["/Resources"]["/Font"].values():
            (descendant,) = font.get_object()["/DescendantFonts"]
            yield descendant.get_object()["/FontDescriptor"]


async def test_other_programs_find_the_data_inside() -> None:
    document = await made(statement())
    name, xml = facturx.get_xml_from_pdf(document.pdf, check_xsd=True)
    assert (name, xml) == ("factur-x.xml", document.xml)
    report = einvoice.validate_bytes(document.pdf, profile="en16931")
    assert (report["valid"], report["violations"]) == (True, [])


async def test_the_file_says_what_it_is_and_what_is_inside() -> None:
    document = await made(statement())
    root: Any = pypdf.PdfReader(BytesIO(document.pdf)).trailer["/Root"]
    metadata = root["/Metadata"]
    assert "/Filter" not in metadata
    xmp = etree.fromstring(metadata.get_data())
    said = {element.tag: element.text for element in xmp.iter()}
    assert (said[f"{PDFA}part"], said[f"{PDFA}conformance"]) == ("3", "B")
    assert [said[f"{FX}{name}"] for name in container.PROPERTIES] == ["factur-x.xml", "INVOICE", "1.0", "EN 16931"]
    described = [e.text for e in xmp.iter("{http://www.aiim.org/pdfa/ns/property#}name")]
    assert set(container.PROPERTIES) <= set(described)
    (inside,) = root["/AF"]
    assert (inside.get_object()["/AFRelationship"], inside.get_object()["/UF"]) == ("/Alternative", "factur-x.xml")
    stream = inside.get_object()["/EF"]["/F"]
    assert (stream["/Subtype"], stream["/Params"]["/ModDate"][:10]) == ("/text/xml", "D:20261125")


async def test_colours_fonts_and_structure_are_as_an_archive_wants_them() -> None:
    document = await made(statement(60))
    reader = pypdf.PdfReader(BytesIO(document.pdf))
    root: Any = reader.trailer["/Root"]
    (intent,) = root["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert len(intent.get_object()["/DestOutputProfile"].get_data()) > 400
    assert bool(root["/MarkInfo"]["/Marked"])
    assert (root["/Lang"], "/ID" in reader.trailer, "/Encrypt" in reader.trailer) == ("de", True, False)
    fonts = list(fonts_of(document.pdf))
    assert fonts
    assert all({"/FontFile2", "/FontFile3"} & set(font) for font in fonts)
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(root)


async def test_a_public_body_gets_its_xrechnung_inside() -> None:
    document = await made(statement(payment="transfer", mandate=None, buyer_reference="04011000-12345-34"))
    reader = pypdf.PdfReader(BytesIO(document.pdf))
    assert reader.attachments["xrechnung.xml"] == [document.xml]
    assert b"<fx:ConformanceLevel>XRECHNUNG</fx:ConformanceLevel>" in document.pdf
    assert "04011000-12345-34" in text_of(document.pdf)


async def test_the_same_statement_is_the_same_file_to_the_byte() -> None:
    assert await made(statement()) == await made(statement())


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_stands_on_the_paper_as_it_was_given(name: str) -> None:
    shown = text_of((await made(named(name))).pdf)
    assert shown.count(name) == 5


async def test_a_name_longer_than_a_line_is_broken_but_not_changed() -> None:
    name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsgründung" * 2
    shown = text_of((await made(named(name))).pdf)
    assert name in "".join(shown.split()).replace("\u200b", "")


async def test_the_longest_address_pushes_the_title_down_instead_of_standing_in_it() -> None:
    long = "Straße und Hausnummer im Hinterhof links, " * 3
    buyer = msgspec.structs.replace(BUYER, name=long, contact=long * 2, street=long, city=f"{long}Ende")
    page = pypdfium2.PdfDocument((await made(statement(buyer=buyer))).pdf)[0].get_textpage()
    last, title = (
        page.get_charbox(page.search(text, match_case=True).get_next()[0]) for text in ("Ende", "Rechnung RE-")
    )
    assert last[1] > title[3], "the bottom of the address is above the top of the title"
    window = page.get_charbox(page.search("z. Hd.").get_next()[0])
    assert 230 < window[3] * 297 / 842 < 252, "it begins in the window, 45 to 67 mm from the top"


async def test_many_lines_go_over_several_pages_under_their_heads() -> None:
    document = await made(statement(60))
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(document.pdf)]
    assert len(pages) >= 3
    assert all("Einzelpreis" in page for page in pages[:-1])
    assert [f"Seite {number} von {len(pages)}" in page for number, page in enumerate(pages, 1)] == [True] * len(pages)
    assert sum(page.count("Webspace") for page in pages) == 60


async def test_a_debit_is_announced_with_day_amount_mandate_and_creditor() -> None:
    shown = text_of((await made(statement())).pdf).replace("\xa0", " ")
    for said in ("14,28 €", "9. Dezember 2026", "SEPA-Lastschrift", "•••• 2051", "M-500001", "DE98ZZZ09999999999"):
        assert said in shown


async def test_an_english_invoice_with_reverse_charge_says_so() -> None:
    shown = text_of((await made(statement(category="AE", percent=0, buyer=AUSTRIAN, language="en"))).pdf)
    for said in ("Invoice RE-2026-000001", "Reverse charge", "ATU12345675", "25 November 2026", "Austria"):
        assert said in shown


async def test_the_papers_sums_are_the_statements() -> None:
    shown = text_of((await made(statement(60))).pdf).replace("\xa0", " ")
    whole = statement(60)
    for cents in (whole.net_cents, whole.tax_cents, whole.gross_cents):
        assert words.money(cents, "de").replace("\xa0", " ") in shown


async def test_a_template_that_cannot_be_set_holds_the_document_back(tmp_path: Path) -> None:
    (tmp_path / "invoice").mkdir()
    (tmp_path / "invoice" / "invoice.typ").write_text("#nothing-of-this-name")
    document = await making.make(statement(), tmp_path)
    assert [finding.rule for finding in document.findings] == ["PDF"]
    assert document.pdf == b""


async def test_a_character_that_xml_cannot_hold_holds_the_document_back() -> None:
    broken = await making.make(statement(buyer=msgspec.structs.replace(BUYER, name="a\x00b")), TEMPLATES)
    assert [finding.rule for finding in broken.findings] == ["XML"]


async def test_processes_make_the_same_documents() -> None:
    async with Press(TEMPLATES, processes=1) as running:
        there = await running.make(statement())
        wrong = await running.make(statement(gross_cents=9999))
    assert there == await made(statement())
    assert {finding.rule for finding in wrong.findings} >= {"BR-CO-15"}


def test_a_pdf_of_another_make_is_not_labelled() -> None:
    with pytest.raises(container.ContainerError):
        container.label(b"%PDF-1.7\n%%EOF\n", container.PLAIN)


def test_the_rules_are_those_of_the_profile_that_the_file_claims() -> None:
    assert checks.RULES.name == "facturx-en16931"
