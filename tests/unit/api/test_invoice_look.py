"""Rendered and looked at: empty margins, no word in another, the sender at the head; and the eye sees faults."""

from pathlib import Path
from shutil import copytree

import msgspec
import pytest

from api.billing.documents import making
from api.billing.statement import Statement
from tests.customer import eye
from tests.unit.api.conftest import ROOT
from tests.unit.api.statements import AUSTRIAN, BUYER, HOSTILE, SELLER, named, statement

pytestmark = pytest.mark.slow

TEMPLATES = ROOT / "templates"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
CROWDED = msgspec.structs.replace(BUYER, name=LONG * 2, contact=LONG, street=f"{LONG} 1", city=LONG)

WHOLE = {
    "German, by debit": statement(),
    "English, reverse charge": statement(category="AE", percent=0, buyer=AUSTRIAN, language="en"),
    "a credit note": statement(kind="credit_note", number="G700002", corrects="R700001"),
    "a public body": statement(payment="transfer", mandate=None, buyer_reference="04011000-1234512345-06"),
    "three pages": statement(60),
    "a crowded address": statement(buyer=CROWDED),
    **{name: named(name) for name in HOSTILE},
}


async def look(whole: Statement, templates: Path = TEMPLATES) -> list[str]:
    made = await making.make(whole, templates)
    assert made.findings == ()
    return eye.faults(made.pdf, SELLER.name, eye.ACCENT)


@pytest.mark.parametrize("kind", WHOLE)
async def test_nobody_would_complain_of_the_look_of(kind: str) -> None:
    assert await look(WHOLE[kind]) == []


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ("margin: (left: 25mm", "margin: (left: 12mm", "ink in its margins"),
        ("#v(20mm)", "#v(-6mm)", "stands in"),
        ("fill: accent, seller.name", "fill: ink, seller.name", "not at the head"),
        ('paper: "a4"', 'paper: "us-letter"', "no A4"),
    ],
)
async def test_a_form_that_is_out_of_shape_is_seen(tmp_path: Path, was: str, becomes: str, complaint: str) -> None:
    templates = copytree(TEMPLATES, tmp_path / "templates")
    form = templates / "invoice" / "invoice.typ"
    text = form.read_text()
    assert was in text
    form.write_text(text.replace(was, becomes, 1))
    assert any(complaint in said for said in await look(statement(), templates))
