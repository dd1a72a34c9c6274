"""What the bank tells about debits that came back: camt.054 (any version), read as the stranger's text it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from lxml import etree

NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.054\.001\.\d{2}\}Document\Z")
AMOUNT = re.compile(r"\d{1,13}(\.\d{1,2})?\Z", re.ASCII)
MOST_BYTES = 64 * 1024 * 1024
NO_REASON = "NARR"
"""ISO 20022 code of a reason that stands in words only."""


class BankStatementError(Exception):
    """A file that is no camt.054, or one that cannot be believed."""


class Returned(msgspec.Struct, frozen=True):
    """A debit that came back (*Rücklastschrift*)."""

    end_to_end_id: str
    #: What was booked back, the banks' charges included.
    amount_cents: int
    booked_on: date
    #: ISO 20022 external return reason: AC04 closed account, AM04 no money, MD06 customer's wish, MS03 not said, …
    reason: str


def read(content: bytes) -> tuple[Returned, ...]:
    """Return the debits that came back by *content*.

    Raises:
        BankStatementError: it is no camt.054.
    """
    if len(content) > MOST_BYTES:
        raise BankStatementError(f"the file has more than {MOST_BYTES >> 20} MiB; split it")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise BankStatementError(f"the file is no XML: line {error.lineno}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BankStatementError("the file has a document type, which no bank sends")
    if not NAMESPACE.match(str(root.tag)):
        raise BankStatementError("the file is no camt.054; the bank has other kinds of statements, too")
    return tuple(_returned(root))


def _returned(root: Any) -> Iterator[Returned]:
    for entry in root.iterfind(".//{*}Ntry"):
        if entry.findtext("{*}CdtDbtInd") != "DBIT":
            continue
        for details in entry.iterfind("{*}NtryDtls/{*}TxDtls"):
            if details.find("{*}RtrInf") is not None:
                yield _one(entry, details)


def _one(entry: Any, details: Any) -> Returned:
    amount = details.find("{*}Amt")
    if amount is None:
        amount = details.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
    if amount is None:
        amount = entry.find("{*}Amt")
    booked = entry.findtext("{*}BookgDt/{*}Dt") or (entry.findtext("{*}BookgDt/{*}DtTm") or "")[:10]
    try:
        if not AMOUNT.match(text := amount.text.strip()):
            raise ValueError("no amount")  # noqa: TRY301 (told below, like a day that is none)
        return Returned(
            end_to_end_id=(details.findtext("{*}Refs/{*}EndToEndId") or "").strip(),
            amount_cents=int(Decimal(text).scaleb(2)),
            booked_on=date.fromisoformat(booked),
            reason=(details.findtext("{*}RtrInf/{*}Rsn/{*}Cd") or NO_REASON).strip()[:4],
        )
    except (AttributeError, ValueError) as error:
        raise BankStatementError("an entry of the file has no amount or no day") from error
