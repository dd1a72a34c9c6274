"""Whether what a person says of themselves can be: address, mail, telephone, VAT number, bank account."""

from __future__ import annotations

import re
from collections.abc import Collection

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as british_vat

POSTAL_CODES = {
    "DE": r"\d{5}", "AT": r"\d{4}", "CH": r"\d{4}", "LI": r"94\d\d", "LU": r"\d{4}", "BE": r"\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}", "FR": r"\d{5}", "IT": r"\d{5}", "ES": r"\d{5}", "PL": r"\d{2}-\d{3}", "DK": r"\d{4}",
    "CZ": r"\d{3} ?\d{2}", "SK": r"\d{3} ?\d{2}", "SE": r"\d{3} ?\d{2}", "FI": r"\d{5}", "NO": r"\d{4}",
    "GB": r"([A-Z]{1,2}\d[A-Z\d]?|GIR) ?\d[A-Z]{2}", "US": r"\d{5}(-\d{4})?", "PT": r"\d{4}-\d{3}", "HU": r"\d{4}",
}  # fmt: skip
ANY_POSTAL_CODE = r"[A-Z0-9][A-Z0-9 -]{1,9}"
OF_COUNTRY = re.compile(r"\A[A-Z]{1,3}-(?=\d)")
"""What some write before a code: D-80331, SE-11122."""
NOWHERE = frozenset({"invalid", "local", "localhost", "onion", "arpa"})
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


class ImplausibleError(ValueError):
    """What was said cannot be; the text says why, without repeating it."""


def country(code: str) -> str:
    """Return *code* if ISO 3166-1 knows it."""
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ImplausibleError("is no country's code (ISO 3166-1, two letters)")
    return code


def postal_code(text: str, of_country: str) -> str:
    """Return *text* in capitals, and without the country before it, if it can be a postal code of the country."""
    code = text.strip().upper()
    if of_country in POSTAL_CODES:
        code = OF_COUNTRY.sub("", code)
    if not re.fullmatch(POSTAL_CODES.get(of_country, ANY_POSTAL_CODE), code, re.ASCII):
        raise ImplausibleError("is no postal code of this country")
    return code


def email(text: str) -> str:
    """Return the address as mail servers take it; nothing is asked of the network."""
    try:
        address = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as error:
        raise ImplausibleError("is no mail address") from error
    domain = address.ascii_domain
    if "." not in domain or domain.rpartition(".")[2] in NOWHERE:
        raise ImplausibleError("is at a domain that no mail reaches")
    return str(address.ascii_email or address.normalized)


def phone(text: str) -> str:
    """Return the number in E.164."""
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException as error:
        raise ImplausibleError("is no international telephone number like +49 89 12345678") from error
    if not text.startswith("+") or not phonenumbers.is_possible_number(number) or not number.national_number:
        raise ImplausibleError("is no possible telephone number; check the digits")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def takes_sms(e164: str, countries: Collection[str]) -> bool:
    """Return whether a message may be sent to this number: a mobile phone of one of the *countries*."""
    number = phonenumbers.parse(e164, None)
    return phonenumbers.region_code_for_number(number) in countries and phonenumbers.number_type(number) in MOBILE


def vat_id(text: str) -> str:
    """Return the VAT number in its short form, its country before it; whether it was given out is not asked here."""
    for kind in (eu_vat, swiss_vat):
        if kind.is_valid(text):
            return str(kind.compact(text))
    if text.strip().upper().startswith("GB") and british_vat.is_valid(text):
        return f"GB{british_vat.compact(text)}"
    raise ImplausibleError("is no VAT number of the EU, Switzerland or the United Kingdom")


def iban(text: str) -> str:
    """Return the IBAN in its short form (ISO 13616: country, length, check digits)."""
    try:
        number = IBAN(text)
    except (SchwiftyException, ValueError) as error:
        raise ImplausibleError("is no IBAN; check the digits") from error
    if not number.in_sepa_zone:
        raise ImplausibleError("is not of the SEPA area, so it cannot be debited")
    return str(number.compact)
