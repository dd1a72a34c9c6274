"""What the order itself says, nothing asked of anybody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

import phonenumbers
from disposable_email_domains import blocklist as disposable
from phonenumbers import NumberParseException, PhoneNumberType
from rapidfuzz import fuzz
from schwifty import IBAN, registry
from stdnum.eu import vat as eu_vat

from api.equipment import Equipment
from api.intake import person
from api.intake.risk.case import Case
from api.intake.risk.oddity import oddity

LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def said(equipment: Equipment, case: Case) -> dict[str, Any]:
    """Return the facts that follow from the form alone."""
    who = case.who
    tariff = equipment.catalogue.tariffs.get(case.tariff)
    return {
        "customer_known": case.customer is not None,
        "country": who["country"],
        "amount_cents": None if tariff is None else tariff.price_cents * case.interval_months,
        "domains": len(case.names),
        "payment_method": who.get("payment_method"),
        "postal_code_fits": _postal_code_fits(who["postal_code"], who["country"]),
        "name_oddity": oddity(who["given_name"], who["family_name"]),
        **_phone(equipment, who["phone"], who["country"]),
        **_mail(case),
        **_bank(case),
        **_vat_id(who),
        **_form(case.form),
    }


def _phone(equipment: Equipment, e164: str, country: str) -> dict[str, Any]:
    sms = equipment.settings.sms
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return {"phone_type": "invalid", "sms_possible": False}
    of_country = phonenumbers.region_code_for_number(number)
    kind = PhoneNumberType.to_string(phonenumbers.number_type(number)).lower()
    return {
        "phone_type": kind if phonenumbers.is_valid_number(number) else "invalid",
        "phone_country": of_country,
        "phone_country_differs": None if of_country is None else of_country != country,
        "sms_possible": bool(sms.url) and person.takes_sms(e164, sms.countries),
    }


def _mail(case: Case) -> dict[str, Any]:
    domain = mail_domain(case)
    parents = domain.split(".")
    registered = {name.name for name in case.names if name.action == "register"}
    return {
        "mail_disposable": any(".".join(parents[start:]) in disposable for start in range(len(parents) - 1)),
        "mail_at_ordered_name": any(domain == name or domain.endswith(f".{name}") for name in registered),
    }


def mail_domain(case: Case) -> str:
    """Return the domain of the customer's mail address, as an A-label."""
    return str(case.who["email"]).rpartition("@")[2].lower()


def _bank(case: Case) -> dict[str, Any]:
    if case.iban is None:
        return {}
    number = IBAN(case.iban, allow_invalid=True)
    country = str(number.country_code)
    return {
        "iban_country": country,
        "iban_country_differs": country != case.who["country"],
        "iban_bank_known": number.bank is not None if _banks_are_listed(country) else None,
        "holder_likeness": _likeness(case.who),
    }


@cache
def _banks_are_listed(country: str) -> bool:
    return bool(registry.get_banks_by_country(country))


def _likeness(who: Mapping[str, Any]) -> int | None:
    if not who.get("account_holder"):
        return None
    names = [f"{who['given_name']} {who['family_name']}", *([who["company"]] if who.get("company") else [])]
    holder = _plain(who["account_holder"])
    return round(max(fuzz.token_set_ratio(holder, _plain(name)) for name in names))


def _plain(name: str) -> str:
    """Return *name* as a bank would print it."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    return re.sub(r"[^\w]+", " ", "".join(char for char in decomposed if not unicodedata.combining(char))).strip()


def _vat_id(who: Mapping[str, Any]) -> dict[str, Any]:
    number = who.get("vat_id")
    if not number:
        return {}
    of_country = "CH" if number.startswith("CHE") else {"EL": "GR", "XI": "GB"}.get(number[:2], number[:2])
    return {"vat_id_country_differs": of_country != who["country"]}


def asked_of_vies(who: Mapping[str, Any]) -> str | None:
    """Return the VAT number if VIES can know it."""
    number = who.get("vat_id")
    return str(number) if number and eu_vat.is_valid(number) else None


def _postal_code_fits(text: str, country: str) -> bool:
    try:
        person.postal_code(text, country)
    except person.ImplausibleError:
        return False
    return True


def _form(form: Mapping[str, Any]) -> dict[str, Any]:
    if not form:
        return {}
    seconds = form.get("filled_in_s")
    return {"filled_in_s": None if seconds is None else int(seconds), "trap_filled": bool(form.get("trap"))}
