"""Letters: one text template per kind and language, filled literally; the same words in one design as HTML.

A template's first line is the subject. Blocks are parted by empty lines; a block whose lines are all indented is a list
of `Label: value`, the one line whose value is the letter's link a button, a block that begins as a signature the foot.
Foreign text is only ever a value: it is escaped in HTML and stays what it is in plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from api.notices import spelling

FRAME = "letter"
"""The template that every letter extends, and no letter itself."""

INDENT = "  "
SIGNATURE = "-- \n"
"""What begins a signature in plain text (RFC 3676, 4.3), and the foot in HTML."""
GAPS = re.compile(r"\n{3,}")


class LetterError(Exception):
    """A letter cannot be written; the message names the template and what it lacks."""


class Block(NamedTuple):
    """A paragraph, or a list of facts, or what stands below the letter."""

    text: str
    #: Label and value of each line; empty for a paragraph.
    facts: Sequence[tuple[str, str]]
    is_foot: bool = False


class Letter(NamedTuple):
    """What goes into a mail."""

    subject: str
    text: str
    html: str


def write(folder: Path, kind: str, language: str, facts: Mapping[str, Any]) -> Letter:
    """Return the letter of *kind* in *language*, from the templates in *folder*/mail.

    Raises:
        LetterError: there is no such template, or it names something that is not among *facts*.
    """
    subject, text = _halves(_fill(_literal(folder / "mail"), f"{language}/{kind}.txt", facts))
    house = {"sender": facts.get("sender", ""), "link": facts.get("link", "")}
    page = {"language": language, "subject": subject, "blocks": blocks(text)} | house
    return Letter(subject, text, css_inline.inline(_fill(_escaping(folder / "mail"), "layout.html", page)))


def short_text(folder: Path, kind: str, language: str, facts: Mapping[str, Any]) -> str:
    """Return the short message of *kind* in *language*, from the templates in *folder*/sms.

    Raises:
        LetterError: as `write`.
    """
    return _fill(_literal(folder / "sms"), f"{language}/{kind}.txt", facts).strip()


def kinds(folder: Path, channel: str = "mail") -> list[str]:
    """Return the kinds of letters, or of short messages, that there are templates of in *folder*, in any language."""
    found = {path.stem for path in (folder / channel).glob("*/*.txt")}
    return sorted(found - {FRAME})


def blocks(text: str) -> list[Block]:
    """Part *text* at its empty lines."""
    return [_block(part.strip("\n").split("\n")) for part in text.split("\n\n") if part.strip()]


def _block(lines: Sequence[str]) -> Block:
    if f"{lines[0]}\n" == SIGNATURE:
        return Block("\n".join(lines[1:]), [], is_foot=True)
    if all(line.startswith(INDENT) and ": " in line for line in lines):
        pairs = [line.strip().partition(": ") for line in lines]
        return Block("\n".join(lines), [(label, value) for label, _, value in pairs])
    return Block("\n".join(lines), [])


def _halves(filled: str) -> tuple[str, str]:
    subject, _, text = filled.lstrip().partition("\n")
    return subject.strip(), GAPS.sub("\n\n", text.strip("\n")) + "\n"


def _fill(environment: Environment, template: str, facts: Mapping[str, Any]) -> str:
    try:
        return environment.get_template(template).render(facts)
    except TemplateError as error:
        raise LetterError(f"{template}: {type(error).__name__}: {error.message or 'not there'}") from error


@cache
def _literal(folder: Path) -> Environment:
    return _environment(folder, autoescape=False)


@cache
def _escaping(folder: Path) -> Environment:
    return _environment(folder, autoescape=True)


def _environment(folder: Path, *, autoescape: bool) -> Environment:
    made = SandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"both": spelling.both, "day": spelling.day, "unbroken": spelling.unbroken}
    return made
