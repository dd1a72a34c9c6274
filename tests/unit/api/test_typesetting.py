"""Documents are set from facts that stay facts."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from api.typesetting import Enclosure, TypesettingError, typeset

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOSTILE = (
    """#strong[x] O'Brien *b* _c_ {Klammer} \\ $a^2$ <lab> @x `raw` "q" = // Müller & Söhne #{ panic() } ~ -- 'a' %x"""
)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template of one line in a folder of templates."""
    for name, text in {
        "typst/document.typ": (ROOT / "templates/typst/document.typ").read_text(),
        "note/note.typ": (
            '#import "/typst/document.typ": enclosures, facts\n#set text(font: "Libertinus Serif")\n'
            "#set document(title: facts.text)\n#enclosures\n#facts.text\n"
        ),
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path / "note" / "note.typ"


def text_of(pdf: bytes) -> str:
    """Return what a reader reads."""
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(page.get_textpage().get_text_range() for page in document)


async def test_a_text_from_outside_is_shown_as_it_is(template: Path) -> None:
    shown = re.sub(r"\s+", " ", text_of(await typeset(template, {"text": HOSTILE}, created_at=AT)))
    for part in ("#strong[x]", "O'Brien", "*b* _c_ {Klammer} \\", "$a^2$ <lab> @x", "#{ panic() }", "Müller & Söhne"):
        assert part in shown.replace("’", "'")


async def test_the_same_facts_give_the_same_bytes(template: Path) -> None:
    first, second = [await typeset(template, {"text": "Miete"}, created_at=AT, standard="a-2b") for _ in range(2)]
    assert first == second


async def test_an_archive_format_carries_a_file_and_shows_a_sign_for_what_no_font_has(template: Path) -> None:
    made = await typeset(
        template, {"text": "Herr \U0010ffff\U000f0000 grüßt"}, created_at=AT, standard="a-3b",
        enclosures=[Enclosure("factur-x.xml", "<a>Söhne</a>")],
    )  # fmt: skip
    assert "Herr ?? grüßt" in text_of(made)
    document = pypdfium2.PdfDocument(made)
    (attachment,) = [document.get_attachment(index) for index in range(document.count_attachments())]
    assert (attachment.get_name(), bytes(attachment.get_data())) == ("factur-x.xml", "<a>Söhne</a>".encode())


@pytest.mark.parametrize("text", ["#facts.absent", '#read("/../../etc/passwd")', '#import "@preview/x:1.0.0": *'])
def test_a_template_that_reaches_too_far_fails_with_its_name(template: Path, text: str) -> None:
    template.write_text(f'#import "/typst/document.typ": facts\n{text}\n')
    with pytest.raises(TypesettingError, match=r"note\.typ: "):
        asyncio.run(typeset(template, {"text": ""}, created_at=AT))


def test_no_template_of_ours_wants_a_package_or_makes_text_to_code() -> None:
    reach = re.compile(r'"@|\beval\s*\(')
    assert not [path for path in (ROOT / "templates").rglob("*.typ") if reach.search(path.read_text())]
