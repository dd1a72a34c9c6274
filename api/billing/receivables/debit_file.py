"""The file that asks the bank to collect: SEPA direct debits as pain.008.001.08, in the form of the German banks (DFÜ).

Pure: the same debits give the same file. Names are written in the letters that every bank takes; the schema is the one
of ISO 20022 that sepaxml carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import sepaxml
from lxml import etree
from lxml.builder import ElementMaker
from text_unidecode import unidecode

VERSION = "pain.008.001.08"
NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{VERSION}"
NAME_LETTERS, PURPOSE_LETTERS = 70, 140

UMLAUTS = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS", "&": "+", "@": "(at)",
})  # fmt: skip
FORBIDDEN = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
E = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})


class DebitFileError(Exception):
    """The debits do not make a file that banks take; the message says what the schema says."""


class Creditor(msgspec.Struct, frozen=True):
    """Who collects."""

    name: str
    iban: str
    bic: str
    creditor_id: str


class Debit(msgspec.Struct, frozen=True):
    """One debit."""

    #: At most 35 letters; comes back when the debit is returned.
    end_to_end_id: str
    amount_cents: int
    mandate: str
    signed_on: date
    sequence: Literal["FRST", "RCUR"]
    name: str
    iban: str
    purpose: str


def write(message: str, at: datetime, collect_on: date, creditor: Creditor, debits: Sequence[Debit]) -> bytes:
    """Return the file *message* for what is collected on *collect_on*.

    Raises:
        DebitFileError: there is nothing to collect, or the file is not valid.
    """
    if not debits or any(debit.amount_cents <= 0 for debit in debits):
        raise DebitFileError("there is nothing to collect")
    root = E.Document(
        E.CstmrDrctDbtInitn(
            E.GrpHdr(
                E.MsgId(message),
                E.CreDtTm(f"{at:%Y-%m-%dT%H:%M:%SZ}"),
                *_sums(debits),
                E.InitgPty(E.Nm(plain(creditor.name, NAME_LETTERS))),
            ),
            *(
                _payment(f"{message}-{sequence}", collect_on, creditor, [d for d in debits if d.sequence == sequence])
                for sequence in sorted({debit.sequence for debit in debits})
            ),
        )
    )
    _check(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def check(creditor: Creditor, debit: Debit) -> None:
    """Refuse a debit with which the file would not be valid.

    Raises:
        DebitFileError: says why.
    """
    write("ANKUNFT", datetime.now(UTC), debit.signed_on, creditor, [debit])


def plain(text: str, most: int) -> str:
    """Return *text* in the letters of SEPA, at most *most* of them: umlauts as two letters, accents dropped.

    Source: EPC217-08, best practices for the SEPA character set.
    """
    latin = unidecode(text.translate(UMLAUTS))
    spelled = " ".join(FORBIDDEN.sub(" ", latin).split()).lstrip("/")[:most].rstrip()
    return spelled or "NOTPROVIDED"


def euros(cents: int) -> str:
    """Return an amount with its two decimals."""
    return str(Decimal(cents).scaleb(-2))


def _payment(name: str, collect_on: date, creditor: Creditor, debits: Sequence[Debit]) -> Any:
    return E.PmtInf(
        E.PmtInfId(name),
        E.PmtMtd("DD"),
        E.BtchBookg("true"),
        *_sums(debits),
        E.PmtTpInf(E.SvcLvl(E.Cd("SEPA")), E.LclInstrm(E.Cd("CORE")), E.SeqTp(debits[0].sequence)),
        E.ReqdColltnDt(collect_on.isoformat()),
        E.Cdtr(E.Nm(plain(creditor.name, NAME_LETTERS))),
        E.CdtrAcct(E.Id(E.IBAN(creditor.iban))),
        E.CdtrAgt(E.FinInstnId(E.BICFI(creditor.bic))),
        E.ChrgBr("SLEV"),
        E.CdtrSchmeId(E.Id(E.PrvtId(E.Othr(E.Id(creditor.creditor_id), E.SchmeNm(E.Prtry("SEPA")))))),
        *(_transaction(debit) for debit in debits),
    )


def _transaction(debit: Debit) -> Any:
    return E.DrctDbtTxInf(
        E.PmtId(E.EndToEndId(debit.end_to_end_id)),
        E.InstdAmt(euros(debit.amount_cents), Ccy="EUR"),
        E.DrctDbtTx(E.MndtRltdInf(E.MndtId(debit.mandate), E.DtOfSgntr(debit.signed_on.isoformat()))),
        E.DbtrAgt(E.FinInstnId(E.Othr(E.Id("NOTPROVIDED")))),
        E.Dbtr(E.Nm(plain(debit.name, NAME_LETTERS))),
        E.DbtrAcct(E.Id(E.IBAN(debit.iban))),
        E.RmtInf(E.Ustrd(plain(debit.purpose, PURPOSE_LETTERS))),
    )


def _sums(debits: Iterable[Debit]) -> tuple[Any, Any]:
    amounts = [debit.amount_cents for debit in debits]
    return E.NbOfTxs(str(len(amounts))), E.CtrlSum(euros(sum(amounts)))


def _check(root: Any) -> None:
    schema: Any = _schema()
    if not schema.validate(root):
        said = schema.error_log[0]
        element = re.match(r"Element '\{[^}]*\}(\w+)'", said.message)
        raise DebitFileError(f"the bank's schema refuses {element[1] if element else 'the file'}: {said.type_name}")


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(Path(sepaxml.__file__).parent / "schemas" / f"{VERSION}.xsd"))
