"""The journal for bookkeeping: the invoices' sums, letters as they were, nothing that a spreadsheet reckons with."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import msgspec
import pytest

from api.billing.receivables import bookkeeping
from api.billing.receivables.bookkeeping import COLUMNS, Money, NoAccountError
from api.billing.statement import Statement
from api.books import Bookkeeping
from tests.unit.api.statements import AUSTRIAN, BUYER, HOSTILE, lines, statement

ACCOUNTS = Bookkeeping(
    revenue={"S19": "84000", "AE": "83360", "O": "83380"}, bank="12000", set_off="13600", write_off="24000"
)


def read(*rows: tuple[str, ...]) -> list[dict[str, str]]:
    text = "".join(bookkeeping.lines(rows))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def rows(whole: Statement) -> list[dict[str, str]]:
    return read(*bookkeeping.of_statement(whole, ACCOUNTS))


def test_an_invoice_is_what_the_customer_owes_and_what_was_earned() -> None:
    assert rows(statement()) == [{
        "Umsatz": "14,28", "Soll/Haben": "S", "WKZ": "EUR", "Konto": "100001", "Gegenkonto": "84000",
        "Steuersatz": "19", "Belegdatum": "25.11.2026", "Belegfeld 1": "RE-2026-000001", "Belegfeld 2": "",
        "Buchungstext": "Müller & Söhne GmbH",
        "Leistung von": "24.11.2026", "Leistung bis": "23.12.2026", "USt-IdNr.": "", "Land": "DE",
    }]  # fmt: skip


def test_a_credit_note_stands_on_the_other_side_and_names_what_it_takes_back() -> None:
    (row,) = rows(statement(kind="credit_note", number="G2", corrects="R1"))
    assert (row["Soll/Haben"], row["Umsatz"], row["Belegfeld 1"], row["Belegfeld 2"]) == ("H", "14,28", "G2", "R1")


def test_reverse_charge_goes_to_its_own_account_with_the_vat_id() -> None:
    (row,) = rows(statement(category="AE", percent=0, buyer=AUSTRIAN))
    assert [row[name] for name in ("Gegenkonto", "Steuersatz", "USt-IdNr.", "Land")] == [
        "83360",
        "0",
        "ATU12345675",
        "AT",
    ]


def test_two_rates_are_two_rows_that_add_up_to_the_invoice() -> None:
    (group,) = statement().vat
    other = msgspec.structs.replace(group, category="AE", percent=Decimal(0), basis_cents=100, tax_cents=0)
    both = rows(statement(vat=(group, other), gross_cents=statement().gross_cents + 100))
    assert sum(Decimal(row["Umsatz"].replace(",", ".")) for row in both) == Decimal("15.28")


def test_revenue_without_an_account_names_the_setting() -> None:
    with pytest.raises(NoAccountError, match="S7"):
        rows(statement(percent=7))


@pytest.mark.parametrize(("kind", "amount", "side", "against"), [
    ("debit", 475, "H", "12000"), ("return", -475, "S", "12000"), ("transfer", 475, "H", "12000"),
    ("set_off", 475, "H", "13600"), ("write_off", 475, "H", "24000"),
])  # fmt: skip
def test_a_movement_stands_against_the_bank_or_what_takes_its_place(
    kind: str, amount: int, side: str, against: str
) -> None:
    made = Money(kind, amount, date(2026, 12, 9), 100001, "R1", "R1-1")  # type: ignore[arg-type]  # a parameter
    (row,) = read(bookkeeping.of_money(made, ACCOUNTS))
    assert [row[name] for name in ("Umsatz", "Soll/Haben", "Konto", "Gegenkonto")] == ["4,75", side, "100001", against]


@pytest.mark.parametrize("name", [*HOSTILE, 'a"b;c', "@SUM(A1)", "-2+3", "+49", "\tx", "=cmd|' /C calc'!A0"])
def test_a_name_stays_as_it_is_but_is_never_a_formula(name: str) -> None:
    (row,) = rows(statement(buyer=msgspec.structs.replace(BUYER, name=name)))
    shown = row["Buchungstext"]
    assert shown.removeprefix("'") == name
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert set(row) == set(COLUMNS)


def test_many_lines_are_still_one_row_a_rate() -> None:
    whole = statement(40, lines=lines(40))
    assert len(rows(whole)) == 1
