"""What an order says of itself: facts that name nobody, honest people left alone."""

from typing import Any

import msgspec
import pytest

from api.equipment import Equipment
from api.intake.person import ImplausibleError
from api.intake.risk.case import Case, WantedName
from api.intake.risk.digests import digests_of, mailbox, network, spelling
from api.intake.risk.oddity import oddity
from api.intake.risk.said import said
from tests.unit.api.orderform import BODY, form


def case(*names: WantedName, form: dict[str, Any] | None = None, iban: str | None = None, **who: Any) -> Case:
    """Return the case of the usual applicant with other words."""
    person = BODY["customer"] | {"account_holder": "Jürgen O'Brien", "payment_method": "sepa_debit"} | who
    wanted = names or (WantedName("beispiel.de", "register"),)
    return Case(
        order_id=1, tariff="start", interval_months=12, who=person, customer=None,
        iban=iban or BODY["payment"]["iban"], client_ip="198.51.100.7", form=form or {}, names=wanted,
    )  # fmt: skip


def test_a_good_order_says_nothing_odd(equipment: Equipment) -> None:
    found = said(equipment, case())
    assert found["phone_type"] == "mobile"
    assert found["sms_possible"] is found["iban_bank_known"] is found["postal_code_fits"] is True
    assert found["amount_cents"] == 12 * equipment.catalogue.tariffs["start"].price_cents
    assert found["holder_likeness"] == 100
    assert found["name_oddity"] is None
    for fact in ("phone_country_differs", "mail_disposable", "mail_at_ordered_name", "iban_country_differs"):
        assert found[fact] is False


@pytest.mark.parametrize(
    ("phone", "kind", "facts"),
    [
        ("+4915112345678", "mobile", {"sms_possible": True, "phone_country_differs": False}),
        ("+498912345678", "fixed_line", {"sms_possible": False, "phone_country_differs": False}),
        ("+436641234567", "mobile", {"sms_possible": True, "phone_country_differs": True}),
        ("+447400123456", "mobile", {"sms_possible": False, "phone_country_differs": True}),
        ("+491371234567", "shared_cost", {"sms_possible": False}),
        ("+499001234567", "premium_rate", {"sms_possible": False}),
        ("+4915100000000000", "invalid", {"sms_possible": False}),
        ("nonsense", "invalid", {"sms_possible": False}),
    ],
)
def test_a_telephone_has_a_kind_and_a_country(
    equipment: Equipment, phone: str, kind: str, facts: dict[str, bool]
) -> None:
    found = said(equipment, case(phone=phone))
    assert found["phone_type"] == kind
    assert found | facts == found


@pytest.mark.parametrize(
    ("address", "fact"),
    [
        ("x@mailinator.com", "mail_disposable"),
        ("x@deep.sub.mailinator.com", "mail_disposable"),
        ("me@beispiel.de", "mail_at_ordered_name"),
        ("me@mail.beispiel.de", "mail_at_ordered_name"),
    ],
)
def test_a_mail_address_that_will_not_do_is_known(equipment: Equipment, address: str, fact: str) -> None:
    assert said(equipment, case(email=address))[fact] is True


def test_mail_at_a_domain_that_moves_here_works_today(equipment: Equipment) -> None:
    found = said(equipment, case(WantedName("beispiel.de", "transfer"), email="me@beispiel.de"))
    assert found["mail_at_ordered_name"] is False


@pytest.mark.parametrize(
    ("holder", "company", "least", "most"),
    [
        ("JUERGEN OBRIEN", None, 80, 100),
        ("O'Brien, Jürgen", None, 100, 100),
        ("Jürgen und Maria O'Brien", None, 100, 100),
        ("Müller & Söhne", "Müller & Söhne GmbH", 90, 100),
        ("MUELLER SOEHNE GMBH", "Müller & Söhne GmbH", 90, 100),
        ("Wilhelmina Katz", None, 0, 49),
    ],
)
def test_an_account_holder_is_compared_as_banks_write(
    equipment: Equipment, holder: str, company: str | None, least: int, most: int
) -> None:
    assert least <= said(equipment, case(account_holder=holder, company=company))["holder_likeness"] <= most


def test_a_bank_is_known_by_its_code_where_its_country_lists_them(equipment: Equipment) -> None:
    assert said(equipment, case(iban="DE02120300000000202051"))["iban_bank_known"] is True
    assert said(equipment, case(iban="DE44999999990000000000"))["iban_bank_known"] is False
    abroad = said(equipment, case(iban="NL91ABNA0417164300"))
    assert (abroad["iban_country"], abroad["iban_country_differs"]) == ("NL", True)


def test_vat_numbers_and_postal_codes_are_compared_with_the_country(equipment: Equipment) -> None:
    assert said(equipment, case(vat_id="DE136695976"))["vat_id_country_differs"] is False
    assert said(equipment, case(vat_id="FR40303265045"))["vat_id_country_differs"] is True
    assert said(equipment, case(vat_id="EL094259216", country="GR"))["vat_id_country_differs"] is False
    assert said(equipment, case(postal_code="1234"))["postal_code_fits"] is False
    assert said(equipment, case(postal_code="1010", country="AT"))["postal_code_fits"] is True


def test_what_the_page_told_of_its_form_is_taken_as_it_is(equipment: Equipment) -> None:
    found = said(equipment, case(form={"filled_in_s": 2.9, "trap": "buy now"}))
    assert (found["filled_in_s"], found["trap_filled"]) == (2, True)
    assert "trap_filled" not in said(equipment, case())


@pytest.mark.parametrize(
    "name",
    [
        ("Jürgen", "O'Brien"), ("Wu", "Ng"), ("Thị", "Nguyễn"), ("Null", "Null"), ("Jean-Luc", "d'Aubigné"),
        ("Ö", "Å"), ("João", "da Silva e Souza"), ("Björk", "Guðmundsdóttir"), ("Müller & Söhne", "{Klammer}"),
        ("100% Bio", "=3+4 GmbH"), ("Thomas", "Thomas"), ("Comfort", "Netzer"),
    ],
)  # fmt: skip
def test_honest_names_are_left_alone(name: tuple[str, str]) -> None:
    assert oddity(*name) is None


@pytest.mark.parametrize(
    ("given", "family", "why"),
    [
        ("https://casino.example", "x", "web_address"), ("Win", "www.casino.ru", "web_address"),
        ("123", "Meier", "no_letters"), ("Anna", "{{ 7*7 }}", "no_letters"), ("aaaa", "Meier", "repeated"),
        ("asdf", "Meier", "keyboard"), ("Max", "Mustermann", "placeholder"), ("John", " DOE", "placeholder"),
    ],
)  # fmt: skip
def test_names_that_cannot_be_meant_are_known(given: str, family: str, why: str) -> None:
    assert oddity(given, family) == why


def test_a_network_is_what_one_household_has() -> None:
    assert network("198.51.100.7") == network("198.51.100.250") == "198.51.100.0/24" != network("198.51.101.7")
    assert network("2001:db8:1:2ff::1") == network("2001:db8:1:200::9") != network("2001:db8:1:300::1")
    assert network("::ffff:198.51.100.7") == network("198.51.100.0/24") == "198.51.100.0/24"
    with pytest.raises(ImplausibleError):
        network("my house")


def test_one_mailbox_has_one_spelling() -> None:
    assert mailbox("J.Doe+spam@Gmail.com") == mailbox("jdoe@googlemail.com") == "jdoe@gmail.com"
    assert mailbox("J.Doe+spam@example.org") == "j.doe@example.org"
    assert mailbox("+@example.org") == "+@example.org"
    assert spelling("mail_domain", " @Example.ORG") == "example.org"
    assert spelling("phone", "+49 151 12345678") == "+4915112345678"
    assert spelling("iban", "de02 1203 0000 0000 2020 51") == "DE02120300000000202051"


def test_digests_say_nothing_and_differ_by_kind(equipment: Equipment) -> None:
    found = digests_of(equipment.seal, case(iban="DE02120300000000202051"))
    assert sorted(found) == ["iban", "mail", "mail_domain", "network", "phone"]
    assert len(set(found.values())) == 5
    assert "iban" not in digests_of(equipment.seal, case()._replace(iban=None))
    assert digests_of(equipment.seal, case(email="not an address", phone="0190"))["mail"]


def test_what_a_page_tells_of_its_form_is_optional_and_bounded() -> None:
    assert form(form={"filled_in_s": 12.5, "trap": ""}).form is not None
    assert form().form is None
    for bad in ({"filled_in_s": -1}, {"trap": "x" * 201}, {"mouse": 1}):
        with pytest.raises(msgspec.ValidationError):
            form(form=bad)
