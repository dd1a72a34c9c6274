"""What a customer does with paper: print the contract, sign it, put it askew into a fax or a scanner."""

import io
import random

import pypdfium2
from PIL import Image, ImageChops

DARK = 140
FAX_LINE, FAX_LINES = 1728, 1145
"""Standard fax of an A4 page: 204 pixels an inch across, 98 down."""

Sheet = Image.Image


def illegible(seed: int = 1) -> bytes:
    """Return a page that no machine reads: blank but for dirt."""
    return pdf_of([scanned(Image.new("L", (1240, 1754), 255), noise=0.4, seed=seed)])


def printed(pdf: bytes, dpi: int = 200) -> list[Sheet]:
    """Return the pages on paper, grey."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L") for page in document]


def scanned(sheet: Sheet, *, turn: float = 0, noise: float = 0, seed: int = 1) -> Sheet:
    """Return what a scanner makes of *sheet*: turned by degrees, one bit a pixel, a share of them wrong."""
    turned = sheet.rotate(turn, Image.Resampling.BICUBIC, expand=abs(turn) > 45, fillcolor=255)
    specks = random.Random(seed).randbytes(turned.width * turned.height)  # noqa: S311 (dirt)
    dirt = Image.frombytes("L", turned.size, specks).point(lambda level: 255 * (level < 256 * noise))
    return ImageChops.difference(turned.point(lambda level: 255 * (level > DARK)), dirt).convert("1")


def tiff(sheets: list[Sheet], dpi: tuple[int, int] = (200, 200), compression: str = "group4") -> bytes:
    """Return *sheets* as a fax gateway sends them."""
    out = io.BytesIO()
    sheets[0].save(out, "TIFF", save_all=True, append_images=sheets[1:], compression=compression, dpi=dpi)
    return out.getvalue()


def pdf_of(sheets: list[Sheet], dpi: int = 200) -> bytes:
    """Return *sheets* as a scanner that makes PDF."""
    out = io.BytesIO()
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:], resolution=dpi)
    return out.getvalue()


def faxed(pdf: bytes, *, turn: float = 1, noise: float = 0.01) -> bytes:
    """Return the contract as it comes by standard fax: half as high as wide, G3."""
    lines = [sheet.resize((FAX_LINE, FAX_LINES), Image.Resampling.BILINEAR) for sheet in printed(pdf)]
    return tiff([scanned(line, turn=turn, noise=noise) for line in lines], (204, 98), "group3")


def returned(pdf: bytes, *, turn: float = 3, noise: float = 0.02, seed: int = 1) -> bytes:
    """Return the contract as it comes back by mail: 200 dots an inch, one bit, askew and dirty."""
    return tiff(
        [scanned(sheet, turn=turn, noise=noise, seed=seed + number) for number, sheet in enumerate(printed(pdf))]
    )
