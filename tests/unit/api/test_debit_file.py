"""The file for the bank: valid by the schema, sums right, names in letters that banks take."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.billing.receivables import debit_file
from api.billing.receivables.bank_days import collectable, is_open
from api.billing.receivables.debit_file import Creditor, Debit, DebitFileError, plain
from tests.unit.api.statements import HOSTILE

AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
ON = date(2026, 12, 9)
CREDITOR = Creditor("Müller Hosting GmbH", "DE89370400440532013000", "COBADEFFXXX", "DE98ZZZ09999999999")
DEBIT = Debit(
    "R600001-1",
    475,
    "100001",
    date(2026, 11, 24),
    "FRST",
    "Jürgen O'Brien",
    "DE02120300000000202051",
    "Rechnung R600001",
)
NS = {"p": debit_file.NAMESPACE}
LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")


def read(*debits: Debit) -> Any:
    return etree.fromstring(debit_file.write("ANK-1", AT, ON, CREDITOR, debits))


def test_a_debit_says_who_pays_what_when_under_which_mandate() -> None:
    root = read(DEBIT)
    said = {element.tag.rpartition("}")[2]: element.text for element in root.iter() if not len(element)}
    assert said == {
        "MsgId": "ANK-1",
        "CreDtTm": "2026-11-25T09:30:00Z", "NbOfTxs": "1", "CtrlSum": "4.75", "PmtInfId": "ANK-1-FRST",
        "PmtMtd": "DD", "BtchBookg": "true", "Cd": "CORE", "SeqTp": "FRST", "ReqdColltnDt": "2026-12-09",
        "BICFI": "COBADEFFXXX", "ChrgBr": "SLEV", "Prtry": "SEPA", "EndToEndId": "R600001-1", "InstdAmt": "4.75",
        "MndtId": "100001", "DtOfSgntr": "2026-11-24", "Id": "NOTPROVIDED", "Nm": "Juergen O'Brien",
        "IBAN": "DE02120300000000202051", "Ustrd": "Rechnung R600001",
    }  # fmt: skip
    assert root.findtext(".//p:Cdtr/p:Nm", namespaces=NS) == "Mueller Hosting GmbH"
    assert root.findtext(".//p:CdtrSchmeId//p:Othr/p:Id", namespaces=NS) == "DE98ZZZ09999999999"


def test_first_and_recurring_debits_go_apart_and_add_up() -> None:
    again = msgspec.structs.replace(DEBIT, sequence="RCUR", amount_cents=1, end_to_end_id="R600002-1")
    root = read(DEBIT, again, again)
    blocks = [
        [block.findtext(f"p:{path}", namespaces=NS) for path in ("PmtTpInf/p:SeqTp", "NbOfTxs", "CtrlSum")]
        for block in root.iterfind(".//p:PmtInf", NS)
    ]
    assert blocks == [["FRST", "1", "4.75"], ["RCUR", "2", "0.02"]]
    header = root.find(".//p:GrpHdr", NS)
    assert [header.findtext(f"p:{name}", namespaces=NS) for name in ("NbOfTxs", "CtrlSum")] == ["3", "4.77"]


def test_the_same_debits_are_the_same_file() -> None:
    assert debit_file.write("ANK-1", AT, ON, CREDITOR, [DEBIT]) == debit_file.write("ANK-1", AT, ON, CREDITOR, [DEBIT])


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("Müller & Söhne", "Mueller + Soehne"),
        ("Straße ÄÖÜ ẞ", "Strasse AeOeUe SS"),
        ("O'Brien", "O'Brien"),
        ("Nguyễn Thị Ánh", "Nguyen Thi Anh"),
        ("{Klammer}", "Klammer"),
        ("100% Bio GmbH", "100 Bio GmbH"),
        ("=3+4 GmbH", "3+4 GmbH"),
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("//--", "--"),
        ("💥", "NOTPROVIDED"),
        ("x" * 99, "x" * 70),
    ],
)
def test_names_are_spelled_in_the_letters_of_banks(name: str, spelled: str) -> None:
    assert plain(name, 70) == spelled


@given(st.text())
def test_whatever_a_name_holds_the_bank_gets_its_own_letters(name: str) -> None:
    spelled = plain(name, 70)
    assert set(spelled) <= LETTERS
    assert 1 <= len(spelled) <= 70


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_with_any_name_is_valid(name: str) -> None:
    read(msgspec.structs.replace(DEBIT, name=name, purpose=name))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iban": "DE02 1203"},
        {"amount_cents": 0},
        {"amount_cents": -5},
        {"mandate": "x" * 36},
        {"end_to_end_id": ""},
    ],
)
def test_what_the_schema_refuses_is_never_handed_out(wrong: dict[str, Any]) -> None:
    with pytest.raises(DebitFileError):
        read(msgspec.structs.replace(DEBIT, **wrong))


def test_a_refusal_does_not_repeat_the_account() -> None:
    with pytest.raises(DebitFileError) as refused:
        read(msgspec.structs.replace(DEBIT, iban="DE02120300000000202051X!"))
    assert "DE02" not in str(refused.value)


def test_nothing_to_collect_is_no_file() -> None:
    with pytest.raises(DebitFileError):
        read()


@pytest.mark.parametrize(
    "day",
    ["2026-12-25", "2026-12-26", "2027-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-11-28", "2026-11-29"],
)
def test_banks_are_closed_on_their_holidays(day: str) -> None:
    assert not is_open(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("due", "today", "on"),
    [
        ("2026-12-09", "2026-11-25", "2026-12-09"),
        ("2026-12-12", "2026-11-25", "2026-12-14"),
        ("2026-12-25", "2026-11-25", "2026-12-28"),
        ("2026-11-20", "2026-11-25", "2026-11-27"),
        ("2026-11-27", "2026-11-27", "2026-12-01"),
    ],
)
def test_a_debit_is_collected_on_its_day_or_the_next_that_banks_can(due: str, today: str, on: str) -> None:
    assert collectable(date.fromisoformat(due), date.fromisoformat(today)).isoformat() == on
