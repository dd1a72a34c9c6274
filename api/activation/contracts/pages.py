"""The pages of a document as grey pictures. What it is, its first bytes say; its name says nothing."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pypdfium2
from PIL import Image, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin

from api.activation.contracts.kinds import kind_of

Picture = Image.Image

DPI = 200
"""At which pages of a PDF are looked at: what scanners and fine fax give."""
LARGEST_LOOK = 12_000_000
"""Pixels of a page as it is looked at; larger ones are made smaller."""
LARGEST_PICTURE = 80_000_000
"""Pixels of a picture that is opened at all: A4 at 800 dpi."""
SMALLEST_SIDE = 400
"""Pixels; what is smaller is a logo or a smiley, and no page."""
FAX_WIDTHS = frozenset({1728, 2048, 2432})
"""Pixels of a fax's line (ITU-T T.4); without a note of its resolution a page wider than high is stretched."""

Image.MAX_IMAGE_PIXELS = LARGEST_PICTURE
Image.preinit()
_PLUGINS = (TiffImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin)  # loaded while files can be opened


class NotReadableError(Exception):
    """The document cannot be looked at; the text says why, in words for staff."""


def pages_of(content: bytes, most: int, *, start: int = 0, is_cut: bool = False) -> Iterator[Picture]:
    """Yield *most* pages from *start* on; a document with more is not readable unless it *is_cut* there.

    Raises:
        NotReadableError: it is of no known kind, broken, locked, too large or too long.
    """
    kind = kind_of(content)
    if kind is None:
        raise NotReadableError("it is no PDF, TIFF, JPEG or PNG")
    pages = _of_pdf(content, start) if kind == "PDF" else _of_picture(content, kind, start)
    try:
        for number, page in enumerate(pages):
            if number == most:
                if is_cut:
                    return
                raise NotReadableError(f"it has more than {most} pages")
            yield page
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError, Warning) as error:
        raise NotReadableError(f"it is broken or too large ({type(error).__name__})") from error
    except pypdfium2.PdfiumError as error:
        raise NotReadableError("it is broken, or locked by a password") from error


def is_page(content: bytes) -> bool:
    """Return whether a picture is large enough to be a page; a PDF always is."""
    kind = kind_of(content)
    if kind in {None, "PDF"}:
        return kind is not None
    try:
        with Image.open(io.BytesIO(content), formats=[kind or ""]) as picture:
            return min(picture.size) >= SMALLEST_SIDE
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        return True  # that it is broken is told when it is read


def picture_digest(picture: Picture) -> str:
    """Return the SHA-256 of what is seen."""
    size = f"{picture.width}x{picture.height}:".encode()
    return hashlib.sha256(size + picture.tobytes()).hexdigest()


def picture_png(picture: Picture) -> bytes:
    """Return *picture* as PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _of_pdf(content: bytes, start: int) -> Iterator[Picture]:
    with closing(pypdfium2.PdfDocument(content)) as document:
        for number in range(start, len(document)):
            with closing(document[number]) as page:
                width, height = page.get_size()
                area = max(1.0, width) * max(1.0, height)
                scale = min(DPI / 72, math.sqrt(LARGEST_LOOK / area))
                with closing(page.render(scale=scale, grayscale=True, may_draw_forms=False)) as bitmap:
                    yield bitmap.to_pil().convert("L")


def _of_picture(content: bytes, kind: str, start: int) -> Iterator[Picture]:
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:
        for number in count(start):
            try:
                picture.seek(number)
            except EOFError:
                return
            if picture.width * picture.height > LARGEST_PICTURE or min(picture.size) < 1:
                raise NotReadableError("a page is too large")
            yield _upright(picture)
            if kind != "TIFF":
                return


def _upright(picture: Picture) -> Picture:
    """Return a picture as people see it: grey, turned as the camera held it, a fax's lines as high as wide."""
    stretch = _stretch(picture)
    look = ImageOps.exif_transpose(picture).convert("L") if picture.format != "TIFF" else picture.convert("L")
    if stretch != 1:
        look = look.resize((look.width, max(1, round(look.height * stretch))))
    if look.width * look.height > LARGEST_LOOK:
        look = look.reduce(math.ceil(math.sqrt(look.width * look.height / LARGEST_LOOK)))
    return look


def _stretch(picture: Picture) -> float:
    """Return by how much a page is to be made higher: standard fax has 204 pixels an inch across and 98 down."""
    across, down = picture.info.get("dpi", (0, 0))
    if across > 0 and down > 0:
        ratio = float(across) / float(down)
        return ratio if 1.2 < ratio <= 4 else 1  # noqa: PLR2004 (fine and standard fax are 1.04 and 2.08)
    return 2 if picture.width in FAX_WIDTHS and picture.height < picture.width else 1
