"""Marks on a picture of a page: turned, upside down, faded, full of specks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import zxingcpp
from PIL import Image, ImageFilter

from api.activation.contracts.marked import MARK

Picture = Image.Image

QR_CODE = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
LARGEST_DOUBLED = 6_000_000
"""Pixels of a page that is small enough to look at twice its size."""


def _as_it_is(picture: Picture) -> Picture:
    return picture


def _without_specks(picture: Picture) -> Picture:
    return picture.filter(ImageFilter.MedianFilter(3))


def _halved(picture: Picture) -> Picture:
    return picture.reduce(2)


def _without_clots(picture: Picture) -> Picture:
    return picture.filter(ImageFilter.MedianFilter(5))


def _doubled(picture: Picture) -> Picture:
    if picture.width * picture.height > LARGEST_DOUBLED:
        return picture
    return picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)


LOOKS: Sequence[Callable[[Picture], Picture]] = (_as_it_is, _without_specks, _halved, _without_clots, _doubled)
"""Ways to look at a page, the cheapest first; the first that shows a mark is the last that is tried."""


def marks_in(picture: Picture) -> list[str]:
    """Return the marks that a grey *picture* shows, each once."""
    if len(set(picture.getextrema())) == 1:
        return []
    for look in LOOKS:
        found = zxingcpp.read_barcodes(look(picture), formats=QR_CODE)
        if marks := sorted({code.text for code in found if MARK.fullmatch(code.text)}):
            return marks
    return []
