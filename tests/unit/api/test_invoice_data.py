"""The invoice as data: valid by the schema, the official schematron and the German rules, and right to the letter."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from lxml import etree

from api.billing.documents import checks, cii
from api.billing.statement import Statement
from tests.unit.api.statements import AUSTRIAN, BUYER, HOSTILE, SELLER, SWISS, lines, named, statement

RAM = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}

BY_TRANSFER: dict[str, Any] = {"payment": "transfer", "mandate": None}
WITHOUT_VAT_ID = msgspec.structs.replace(SELLER, vat_id=None)


def taken_back() -> Statement:
    return statement(kind="credit_note", number="GS-2026-000001", corrects="RE-2026-000001")


def for_nothing() -> Statement:
    line = msgspec.structs.replace(lines(1)[0], net_price_cents=Decimal(0), net_cents=0)
    group = msgspec.structs.replace(statement(1).vat[0], basis_cents=0, tax_cents=0)
    return statement(1, lines=(line,), vat=(group,), net_cents=0, tax_cents=0, gross_cents=0)


def in_parts() -> Statement:
    part = msgspec.structs.replace(
        lines(1)[0], quantity=Decimal("0.4667"), net_price_cents=Decimal("399.5"), net_cents=186
    )
    group = msgspec.structs.replace(statement(1).vat[0], basis_cents=186, tax_cents=35)
    return statement(1, lines=(part,), vat=(group,), net_cents=186, tax_cents=35, gross_cents=221)


KINDS = {
    "domestic, by debit": statement(),
    "domestic, by transfer": statement(**BY_TRANSFER),
    "many lines": statement(60),
    "parts of a month and of a cent": in_parts(),
    "reverse charge": statement(category="AE", percent=0, buyer=AUSTRIAN, language="en"),
    "third country": statement(category="O", percent=0, buyer=SWISS),
    "small business": statement(category="E", percent=0, small_business=True, seller=WITHOUT_VAT_ID),
    "credit note": taken_back(),
    "public body": statement(**BY_TRANSFER, buyer_reference="04011000-12345-34"),
    "nothing to pay": for_nothing(),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_statement_keeps_all_rules(kind: str) -> None:
    assert checks.check(cii.write(KINDS[kind])) == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stands_in_the_data_as_it_was_given(name: str) -> None:
    xml = cii.write(named(name))
    assert checks.check(xml) == ()
    root = etree.fromstring(xml)
    (buyer,) = root.iterfind(".//ram:BuyerTradeParty", RAM)
    found = [buyer.findtext(path, namespaces=RAM) for path in (
        "ram:Name", "ram:DefinedTradeContact/ram:PersonName",
        "ram:PostalTradeAddress/ram:LineOne", "ram:PostalTradeAddress/ram:CityName",
    )]  # fmt: skip
    assert found == [name] * 4
    assert root.findtext(".//ram:SpecifiedTradeProduct/ram:Name", namespaces=RAM) == name


def test_a_company_named_like_the_rules_of_an_xrechnung_gets_an_ordinary_invoice() -> None:
    assert checks.check(cii.write(named(cii.XRECHNUNG))) == ()


def test_a_debit_is_named_with_its_mandate_and_nobodys_whole_account() -> None:
    root = etree.fromstring(cii.write(statement()))
    assert root.findtext(".//ram:DirectDebitMandateID", namespaces=RAM) == "M-500001"
    assert root.findtext(".//ram:CreditorReferenceID", namespaces=RAM) == SELLER.creditor_id
    assert root.findtext(".//ram:PayerPartyDebtorFinancialAccount/ram:IBANID", namespaces=RAM) == "••••2051"
    assert "PayeePartyCreditorFinancialAccount" not in etree.tostring(root).decode()


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (statement(gross_cents=9999), "BR-CO-15"),
        (statement(net_cents=9999), "BR-CO-10"),
        (statement(tax_cents=1), "BR-CO-14"),
        (statement(vat=()), "XSD"),
        (statement(seller=msgspec.structs.replace(SELLER, phone="")), "BR-DE-6"),
        (statement(buyer=msgspec.structs.replace(BUYER, city="")), "BR-DE-8"),
        (statement(buyer=msgspec.structs.replace(BUYER, country="XX")), "BR-CL-14"),
        (statement(category="AE", percent=0), "BR-AE-02"),
    ],
)
def test_what_is_wrong_is_found_under_the_rules_own_name(wrong: Statement, rule: str) -> None:
    assert rule in {finding.rule for finding in checks.check(cii.write(wrong))}


def test_the_official_schematron_finds_what_nobody_else_looks_for() -> None:
    nameless = cii.write(statement()).replace(cii.EN16931.encode(), b"urn:none")
    assert {finding.rule for finding in checks.check(nameless)} == {"FX-SCH-A-000556"}


def test_a_public_body_that_pays_by_debit_needs_a_whole_iban() -> None:
    assert "BR-DE-20" in {
        finding.rule for finding in checks.check(cii.write(statement(buyer_reference="04011000-1-34")))
    }


@pytest.mark.parametrize("name", ["a\x00b", "a\x08b", "\ufffe"])
def test_what_xml_cannot_hold_is_refused_when_it_is_written(name: str) -> None:
    with pytest.raises(etree.XMLSyntaxError):
        cii.write(named(name))


def test_a_document_type_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert [finding.rule for finding in checks.check(bomb)] == ["XML"]
