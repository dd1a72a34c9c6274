"""What the bank sends is read as data, and believed only in its own form."""

from datetime import date

import pytest

from api.billing.receivables.bank_statement import BankStatementError, Returned, read

ENTRY = """<Ntry><Amt Ccy="EUR">8.75</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-12-11</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>R600001-1</EndToEndId><MndtId>100001</MndtId></Refs>
{amount}{info}</TxDtls></NtryDtls></Ntry>"""
INFO = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
AMOUNT = '<Amt Ccy="EUR">7.75</Amt>'


def camt(*entries: str, version: str = "08") -> bytes:
    namespace = f"urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{namespace}">'
        f"<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>1</MsgId></GrpHdr><Ntfctn>{''.join(entries)}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def entry(sign: str = "DBIT", info: str = INFO, amount: str = AMOUNT) -> str:
    return ENTRY.format(sign=sign, info=info, amount=amount)


@pytest.mark.parametrize("version", ["02", "04", "08"])
def test_a_returned_debit_is_found_in_every_version(version: str) -> None:
    assert read(camt(entry(), version=version)) == (Returned("R600001-1", 775, date(2026, 12, 11), "AC04"),)


def test_an_amount_may_stand_in_three_places() -> None:
    inner = '<AmtDtls><TxAmt><Amt Ccy="EUR">6.75</Amt></TxAmt></AmtDtls>'
    assert [found.amount_cents for found in read(camt(entry(amount=inner), entry(amount="")))] == [675, 875]


def test_what_came_in_and_what_is_no_return_are_left_alone() -> None:
    assert read(camt(entry(sign="CRDT"), entry(info=""))) == ()


def test_a_reason_that_is_not_said_is_still_a_return() -> None:
    assert read(camt(entry(info="<RtrInf/>")))[0].reason == "NARR"


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + camt(entry()).partition(b"?>")[2]
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no XML", BOMB, OUTSIDE, b"<Document/>", camt(entry()).replace(b"camt.054", b"camt.053"),
        camt(entry(amount='<Amt Ccy="EUR">much</Amt>')), camt(entry().replace("2026-12-11", "11.12.2026")),
        camt(entry(amount='<Amt Ccy="EUR">1E999999</Amt>')), camt(entry(amount='<Amt Ccy="EUR">NaN</Amt>')),
    ],
)  # fmt: skip
def test_what_no_bank_sends_is_refused(content: bytes) -> None:
    with pytest.raises(BankStatementError):
        read(content)
