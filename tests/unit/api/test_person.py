"""What people say of themselves is believed if it can be."""

import pytest
from passlib.hash import sha512_crypt

from api.intake import password, person
from api.intake.person import ImplausibleError

COUNTRIES = ("DE", "AT", "CH")


@pytest.mark.parametrize(
    ("typed", "number", "takes_sms"),
    [
        ("+4915112345678", "+4915112345678", True),
        ("+49 151 1234 5678", "+4915112345678", True),
        ("+43 660 1234567", "+436601234567", True),
        ("+49 89 12345678", "+498912345678", False),
        ("+491802123456", "+491802123456", False),
        ("+49900123456", "+49900123456", False),
        ("+49137123456", "+49137123456", False),
        ("+12025550123", "+12025550123", False),
        ("+33612345678", "+33612345678", False),
    ],
)
def test_a_number_is_kept_in_e164_and_gets_messages_if_it_is_mobile_and_near(
    typed: str, number: str, *, takes_sms: bool
) -> None:
    assert person.phone(typed) == number
    assert person.takes_sms(number, COUNTRIES) is takes_sms


@pytest.mark.parametrize(
    "typed", ["+4900", "12345", "0151 12345678", "+49151123456781234567", "+", "+999123456", "abc"]
)
def test_an_impossible_number_is_refused(typed: str) -> None:
    with pytest.raises(ImplausibleError):
        person.phone(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("nobody", "a@b@c.de", "@b.de", "a@", "a@localhost", "a@x.invalid", "a b@c.de", '"a b"@c.de', "ü@c.de"),
        *("Anna <a@c.de>", "a@c.de, b@c.de", "a@c.de\nBcc: b@c.de", "a@[127.0.0.1]", f"{'a' * 65}@c.de"),
    ],
)
def test_what_is_no_mail_address_is_refused(typed: str) -> None:
    with pytest.raises(ImplausibleError):
        person.email(typed)


def test_a_mail_address_is_kept_as_mail_servers_take_it() -> None:
    assert person.email("O'Brien+hosting@Bücher.example") == "O'Brien+hosting@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "typed", ["DE02120300000000202052", "DE0212030000000020205", "XX00", "", "DE", "TR330006100519786457841326"]
)
def test_what_is_no_account_that_can_be_debited_is_refused(typed: str) -> None:
    with pytest.raises(ImplausibleError):
        person.iban(typed)


def test_an_account_may_be_typed_in_groups() -> None:
    assert person.iban("de02 1203 0000 0000 2020 51") == "DE02120300000000202051"


@pytest.mark.parametrize(
    ("code", "country", "good"),
    [
        ("80331", "DE", True), ("8033", "DE", False), ("٨٠٣٣١", "DE", False), ("1010", "AT", True),
        ("SW1A 1AA", "GB", True), ("GIR 0AA", "GB", True), ("1234 AB", "NL", True), ("D02 AF30", "IE", True),
        ("'; --", "IE", False),
    ],
)  # fmt: skip
def test_a_postal_code_is_one_of_its_country(code: str, country: str, *, good: bool) -> None:
    if good:
        assert person.postal_code(code, country) == code
    else:
        with pytest.raises(ImplausibleError):
            person.postal_code(code, country)


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("sw1a 1aa", "GB", "SW1A 1AA"), ("1234 ab", "NL", "1234 AB"), ("D-80331", "DE", "80331"),
        ("SE-11122", "SE", "11122"), ("L-1234", "LU", "1234"), (" 80331 ", "DE", "80331"),
        ("d02 af30", "IE", "D02 AF30"), ("LV-1010", "LV", "LV-1010"),
    ],
)  # fmt: skip
def test_a_postal_code_may_be_typed_in_any_spelling(typed: str, country: str, kept: str) -> None:
    assert person.postal_code(typed, country) == kept


@pytest.mark.parametrize("typed", ["GB980780684", "gb 980 7806 84"])
def test_a_british_vat_number_keeps_its_country_and_is_none_without_it(typed: str) -> None:
    assert person.vat_id(typed) == "GB980780684"
    with pytest.raises(ImplausibleError):
        person.vat_id("980780684")


def test_vat_numbers_are_checked_by_their_digits() -> None:
    assert person.vat_id("DE 136 695 976") == "DE136695976"
    with pytest.raises(ImplausibleError):
        person.vat_id("DE136695977")


@pytest.mark.parametrize(
    "weak",
    [
        *(
            "kurz",
            "aaaaaaaaaaaaaaaa",
            "abababababab",
            "Passwort123",
            "Password-2026!",
            "passwortpasswort",
            "Sommer2026!!",
        ),
        *("1234567890", "0987654321", "8274619305", "qwertzuiop", "QWERTZUIOP", "abcdefghijkl", "j@example.org"),
    ],
)
def test_a_weak_password_is_told_what_it_lacks(weak: str) -> None:
    assert password.weakness(weak, ["j@example.org"])


@pytest.mark.parametrize(
    "strong", ["Kirschbaum-0000001-Tür", "correct horse battery", "пароль-длинный-42", "x9$Kq!2mZr"]
)
def test_a_strong_password_lacks_nothing(strong: str) -> None:
    assert password.weakness(strong) is None


def test_a_hash_opens_with_its_password_and_no_other() -> None:
    made = password._hash("Kirschbaum-Tür", 100_000)
    assert made.startswith("$6$rounds=100000$")
    assert sha512_crypt.verify("Kirschbaum-Tür", made)
    assert not sha512_crypt.verify("Kirschbaum-Tur", made)
