"""What invoices say beside the words of their form, in the customer's language: amounts, days, reasons, payment."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from api.billing.statement import Statement

PAYMENT = {
    "de": {
        "sepa_debit": "Wir buchen {amount} am {due} per SEPA-Lastschrift von Ihrem Konto {iban} ab. "
        "Mandatsreferenz: {mandate}, unsere Gläubiger-Identifikationsnummer: {creditor}.",
        "transfer": "Bitte überweisen Sie {amount} bis zum {due} auf unser Konto und geben Sie dabei {number} an.",
        "credit_note": "Wir verrechnen {amount} mit offenen Rechnungen oder erstatten den Betrag.",
    },
    "en": {
        "sepa_debit": "We will collect {amount} on {due} by SEPA direct debit from your account {iban}. "
        "Mandate reference: {mandate}, our creditor identifier: {creditor}.",
        "transfer": "Please transfer {amount} to our account by {due}, quoting {number}.",
        "credit_note": "We will set {amount} off against open invoices or refund it.",
    },
}

LOCALES = {"de": "de_DE", "en": "en_GB"}
"""Language → how its people here write days and amounts."""

UNITS = {
    "de": {"MON": ("Monat", "Monate"), "ANN": ("Jahr", "Jahre"), "C62": ("×", "×")},
    "en": {"MON": ("month", "months"), "ANN": ("year", "years"), "C62": ("×", "×")},
}
"""Unit code (UN/ECE Recommendation 20) → one, several."""


def payment(statement: Statement) -> str:
    """Return how the amount is settled; for a direct debit this is the pre-notification with its day and amount."""
    mandate = statement.mandate
    way = "transfer" if mandate is None else statement.payment
    return PAYMENT[statement.language]["credit_note" if statement.kind == "credit_note" else way].format(
        amount=money(statement.gross_cents, statement.language),
        due=day(statement.due_on, statement.language),
        number=statement.number,
        creditor=statement.seller.creditor_id,
        mandate=mandate.reference if mandate else "",
        iban=mandate.iban if mandate else "",
    )


def money(cents: int, language: str) -> str:
    """Return an amount as people of *language* write it."""
    return str(format_currency(Decimal(cents).scaleb(-2), "EUR", locale=LOCALES[language]))


def price(cents: Decimal, language: str) -> str:
    """Return the price of one unit: cents, and the parts of a cent where it has some."""
    euros = Decimal(cents).scaleb(-2)
    whole = euros == euros.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return str(format_currency(euros, "EUR", locale=LOCALES[language], decimal_quantization=whole))


def percent(rate: Decimal, language: str) -> str:
    """Return a rate of VAT, like "19 %"."""
    return f"{format_decimal(rate, locale=LOCALES[language])}\N{NO-BREAK SPACE}%"


def quantity(value: Decimal, unit_code: str, language: str) -> str:
    """Return a quantity with its unit; a unit that has no word keeps its code."""
    one, several = UNITS[language].get(unit_code, (unit_code, unit_code))
    number = format_decimal(value.normalize(), locale=LOCALES[language])
    return f"{number}\N{NO-BREAK SPACE}{one if value == 1 else several}"


def day(value: date, language: str) -> str:
    """Return a day with its month's name."""
    return str(format_date(value, "long", locale=LOCALES[language]))


def period(first: date, last: date, language: str) -> str:
    """Return a period of days, both included."""
    begin, end = (format_date(day, "medium", locale=LOCALES[language]) for day in (first, last))
    return begin if first == last else f"{begin} – {end}"


def country(code: str, language: str) -> str:
    """Return the name of a country."""
    return str(Locale(language).territories.get(code, code))


def spaced(iban: str) -> str:
    """Return an IBAN in groups of four, as paper shows it."""
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
