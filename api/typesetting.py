"""Documents: a template of typst and facts become a PDF, the same one for the same facts.

A template reads its facts from `/typst/document.typ` and nothing else from outside: they arrive as JSON, so that no
text in them can become markup. Nothing is fetched: templates import files of their own folder tree alone. The letters
come from the fonts inside typst; what those lack, from Debian's font packages (docs/contracts.md).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import typst

Standard = Literal["a-2b", "a-2u", "a-3b", "a-3u", "ua-1"]

PRESSES = 2
"""Documents set at once; a burst of orders queues here instead of starving everything else."""

FONTS = Path("/usr/share/fonts")
"""For the letters that typst's own fonts lack; may be absent."""

NOWHERE = "/nonexistent"
"""Where typst may look for packages: templates use none, and none is fetched."""

MOST_SUBSTITUTES = 200
"""Kinds of characters that no font here shows, in one document."""

_UNSHOWN = re.compile(r'the text `"(?P<text>.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


class TypesettingError(Exception):
    """A template cannot be set with its facts; the message is typst's, about the template."""


class Enclosure(NamedTuple):
    """A text file that goes along inside the PDF."""

    name: str
    content: str
    media_type: str = "text/xml"
    #: What it is to the document (ISO 32000-2, AFRelationship); typst's words.
    relationship: Literal["source", "data", "alternative", "supplement"] = "alternative"
    description: str = ""


async def typeset(
    template: Path,
    facts: Mapping[str, Any],
    *,
    created_at: datetime,
    standard: Standard | None = None,
    enclosures: Sequence[Enclosure] = (),
) -> bytes:
    """Return *template*, a file in a folder of templates, set with *facts* as a PDF.

    *facts* are what JSON can hold; money and dates come written out. The same arguments give the same bytes. Where a
    *standard* is asked for, characters that no font here shows are replaced by a question mark, as it forbids gaps.

    Raises:
        TypesettingError: the template is wrong, or wants facts that were not given.
    """
    inputs = {
        "facts": msgspec.json.encode(facts).decode(),
        "enclosures": msgspec.json.encode([enclosure._asdict() for enclosure in enclosures]).decode(),
    }
    return await asyncio.get_running_loop().run_in_executor(_presses(), _set, template, inputs, standard, created_at)


def _set(template: Path, inputs: dict[str, str], standard: Standard | None, created_at: datetime) -> bytes:
    for _ in range(MOST_SUBSTITUTES):
        try:
            return _compiled(template, inputs, standard, created_at)
        except typst.TypstError as error:
            unshown = _UNSHOWN.search(str(error))
            text = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), unshown["text"]) if unshown else ""
            if not text or text not in inputs["facts"]:
                raise TypesettingError(f"{template.name}: {error}") from error
            inputs = inputs | {"facts": inputs["facts"].replace(text, "?")}
    raise TypesettingError(f"{template.name}: too many characters that no font shows; install more of Debian's fonts")


def _compiled(template: Path, inputs: dict[str, str], standard: Standard | None, created_at: datetime) -> bytes:
    made, _ = typst.compile_with_warnings(
        template,
        root=template.parents[1],
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=inputs,
        pdf_standards=[standard] if standard else [],
        package_path=NOWHERE,
        package_cache_path=NOWHERE,
        timestamp=int(created_at.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])


@cache
def _presses() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(PRESSES, thread_name_prefix="typesetting")
