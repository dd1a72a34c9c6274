"""For any prices, dates, intervals and rates: sums agree to the cent by EN 16931, and periods tile time."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.billing import cents, draft, ledger, vat
from api.billing.periods import Period, hours, months_after, period, unused
from api.billing.statement import Statement
from api.sections import SellerFacts

DAYS = st.dates(date(2024, 1, 1), date(2060, 12, 31))
INTERVALS = st.sampled_from([1, 3, 6, 12])
SELLER = SellerFacts(name="Hoster", vat_id="DE136695976", iban="DE02120300000000202051", bic="BYLADEM1001")
CUSTOMER: dict[str, Any] = {
    "id": 1, "number": 100_001, "kind": "consumer", "company": None, "given_name": "{Klammer}",
    "family_name": "O'Brien", "street": "Am Markt 3", "postal_code": "80331", "city": "München", "country": "DE",
    "email": "j@example.org", "vat_id": None, "payment_method": "sepa_debit", "iban_last4": "2051",
    "mandate_reference": "7K3MP9TA4", "mandate_signed_on": None, "language": "de",
    "created_at": datetime(2026, 11, 24, tzinfo=UTC),
}  # fmt: skip


def half_up(value: Decimal) -> int:
    """Round as Python's decimals do, to compare with."""
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """Any entry that the ledger can hold."""
    category = draw(st.sampled_from(["S", "S", "S", "AE", "O", "E"]))
    percent = draw(st.sampled_from([7, 19, 16, 5]))
    start = draw(DAYS)
    gross = draw(st.integers(-100_000, 1_000_000))
    quantity = draw(st.integers(1, 120_000))
    return {
        "id": 1, "customer": 1, "order": 1, "order.number": 500_001, "addon": "webspace", "item": "",
        "service.name": '{"de": "Webspace", "en": "Web space"}', "reverses": None if gross >= 0 else 1,
        "period_start": start, "period_end": start + timedelta(days=draw(st.integers(1, 366))), "unit_code": "MON",
        "quantity_e4": quantity if gross >= 0 else -quantity, "gross_cents": gross, "tax_category": category,
        "tax_percent": percent if category == "S" else 0, "included_percent": 0 if category == "E" else percent,
    }  # fmt: skip


def stated(rows: list[dict[str, Any]]) -> Statement:
    """Return the statement of *rows*."""
    return draft.write(
        draft.reckon(rows), SELLER, CUSTOMER, draft.Particulars(700_001, date(2026, 12, 1), None, is_first=True)
    )


@given(st.lists(entries(), min_size=1, max_size=30))
def test_lines_groups_and_totals_agree_to_the_cent(rows: list[dict[str, Any]]) -> None:
    said = stated(rows)
    assert sum(line.net_cents for line in said.lines) == said.net_cents  # BR-CO-10
    assert sum(group.tax_cents for group in said.vat) == said.tax_cents  # BR-CO-14
    assert said.net_cents + said.tax_cents == said.gross_cents  # BR-CO-15
    assert said.gross_cents >= 0
    bases: dict[Any, int] = defaultdict(int)
    for line in said.lines:
        bases[line.tax_category, line.tax_percent] += line.net_cents
        assert half_up(line.quantity * line.net_price_cents) == line.net_cents
        assert line.net_price_cents >= 0  # BR-27
    assert {(group.category, group.percent): group.basis_cents for group in said.vat} == bases
    for group in said.vat:
        assert group.tax_cents == half_up(group.basis_cents * group.percent / 100)  # BR-CO-17
        assert (group.exemption_reason is None) == (group.category == "S")


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=20), st.sampled_from([0, 5, 7, 16, 19, 25]))
def test_what_was_promised_is_never_exceeded_and_missed_by_a_cent_at_most(prices: list[int], percent: int) -> None:
    nets = cents.apportion(prices, percent, percent)
    promised = sum(prices)
    assert promised - 1 <= sum(nets) + cents.tax(sum(nets), percent) <= promised
    for price, net in zip(prices, nets, strict=True):
        assert abs(net - price * Decimal(100) / (100 + percent)) < 1
        assert (net == 0) >= (price == 0)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**4))
def test_halves_are_rounded_up_away_from_zero(numerator: int, denominator: int) -> None:
    assert cents.half_up(numerator, denominator) == half_up(Decimal(numerator) / denominator)


@given(DAYS, INTERVALS, st.integers(0, 400), st.none() | st.integers(0, 4000))
def test_entries_tile_time_without_gap_or_overlap(begun: date, interval: int, later: int, ends: int | None) -> None:
    service: dict[str, Any] = {
        "id": 1, "customer": 1, "order": 1, "addon": "webspace", "item": "", "price_cents": 399, "vat_percent": 19,
        "interval_months": interval, "begins_on": begun, "periods": 0, "next_on": begun,
        "ends_on": None if ends is None else begun + timedelta(days=ends),
    }  # fmt: skip
    found = ledger.due_periods(service, until := begun + timedelta(days=later))
    parts = [served for _, served in found]
    last = service["ends_on"] or date.max
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]
    assert all(part.days > 0 for part in parts)
    if parts:
        assert parts[0].start == begun
        assert parts[-1].end == last or parts[-1].end > until
    else:
        assert last <= begun
    for whole, served in found:
        entry = ledger.charge(service, whole, served, SELLER, CUSTOMER)
        assert 0 < entry.gross_cents <= 399 * interval
        assert (entry.gross_cents == 399 * interval) or served.days < whole.days


@given(DAYS, INTERVALS, st.integers(0, 500))
def test_a_period_begins_on_the_day_it_all_began_or_on_the_last_of_the_month(
    begun: date, interval: int, index: int
) -> None:
    start = period(begun, interval, index).start
    assert (start.year * 12 + start.month) - (begun.year * 12 + begun.month) == interval * index
    assert start.day == begun.day or (start.day < begun.day and (start + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("begun", "months", "then"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 31), 2, date(2027, 3, 31)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 3, 31), 3, date(2027, 6, 30)),
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
        (date(2026, 11, 24), 12, date(2027, 11, 24)),
    ],
)
def test_months_end_as_the_calendar_has_it(begun: date, months: int, then: date) -> None:
    assert months_after(begun, months) == then


@given(DAYS, INTERVALS, st.integers(0, 10**6), st.lists(st.integers(0, 400), min_size=1, max_size=5))
def test_what_is_taken_back_in_steps_is_what_would_be_taken_back_at_once(
    begun: date, interval: int, amount: int, days: list[int]
) -> None:
    whole = period(begun, interval, 0)
    back, earliest = 0, whole.end
    for later in days:
        earliest = min(earliest, whole.start + timedelta(days=later))
        back += unused(whole, earliest, amount) - back
    assert back == unused(whole, earliest, amount)
    assert 0 <= back <= amount
    assert unused(whole, whole.start, amount) == amount
    assert unused(whole, whole.end, amount) == 0
    assert unused(Period(whole.start, whole.end), date.max, amount) == 0


@given(st.lists(entries(), min_size=1, max_size=20))
def test_an_invoice_taken_back_comes_to_the_same_cents(rows: list[dict[str, Any]]) -> None:
    taken = [
        row | {"gross_cents": -row["gross_cents"], "quantity_e4": -row["quantity_e4"], "reverses": 1} for row in rows
    ]
    made, back = draft.reckon(rows), draft.reckon(taken)
    assert back.gross == -made.gross
    assert back.nets == [-net for net in made.nets]


@pytest.mark.parametrize(
    ("changes", "small", "category"),
    [
        ({}, False, "S"),
        ({"country": "FR"}, False, "S"),
        ({"kind": "business", "vat_id": "DE136695976"}, False, "S"),
        ({"kind": "business", "country": "FR", "vat_id": "FR40303265045"}, False, "AE"),
        ({"kind": "business", "country": "GR", "vat_id": "EL094259216"}, False, "AE"),
        ({"kind": "public_body", "country": "AT", "vat_id": "ATU13585627"}, False, "AE"),
        ({"kind": "consumer", "country": "FR", "vat_id": "FR40303265045"}, False, "S"),
        ({"kind": "business", "country": "FR", "vat_id": "FR40303265046"}, False, "S"),
        ({"kind": "business", "country": "FR", "vat_id": "DE136695976"}, False, "S"),
        ({"country": "CH"}, False, "O"),
        ({"kind": "business", "country": "US"}, False, "O"),
        ({"country": "CH"}, True, "E"),
        ({}, True, "E"),
    ],
)
def test_vat_follows_who_and_where_the_customer_is(changes: dict[str, Any], small: bool, category: str) -> None:  # noqa: FBT001 (a parameter of the table above)
    seller = SellerFacts(small_business=small)
    assert vat.category(seller, CUSTOMER | changes) == category


@pytest.mark.parametrize(
    ("day", "begins", "lasts"), [(date(2026, 12, 1), 23, 24), (date(2026, 3, 29), 23, 23), (date(2026, 10, 25), 22, 25)]
)
def test_a_day_is_the_hosters(day: date, begins: int, lasts: int) -> None:
    begin, end = hours(day, "Europe/Berlin")
    assert (begin.hour, end - begin) == (begins, timedelta(hours=lasts))
