"""What an eye sees of a page at once: ink in the margins, words in each other's way, the sender's name at its place.

Millimetres from the top left corner. Pictures are compared with what a page has to be, not with another picture.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import pypdfium2

A4 = (210, 297)
INCH, POINTS = 25.4, 72
DARK = 200
"""Grey below this is ink; paper is 255, hairlines are about 200."""

SLACK = 0.6
"""Letters reach a little beyond their line."""


class Box(NamedTuple):
    """A rectangle on the page."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Box", slack: float = SLACK) -> bool:
        """Return whether *other* lies within, give or take."""
        return (
            other.left >= self.left - slack
            and other.top >= self.top - slack
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def covers(self, other: "Box") -> float:
        """Return which share of the smaller one the two have in common."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        smaller = min((box.right - box.left) * (box.bottom - box.top) for box in (self, other))
        return max(wide, 0) * max(high, 0) / smaller if smaller else 0


LETTER = Box(25, 10, 190, 287)
"""Where a letter may have ink."""

ACCENT = (0x0B, 0x6E, 0x75)
"""The colour of the forms that come with Ankunft."""

LETTERHEAD = Box(25, 10, 190, 25)
"""Where the sender's name stands."""


def faults(pdf: bytes, sender: str, rgb: tuple[int, int, int]) -> list[str]:
    """Return what somebody who looks at the pages would complain of; *sender* has to be at the head, coloured *rgb*."""
    found = []
    for number, page in enumerate(pypdfium2.PdfDocument(pdf), 1):
        size = tuple(round(points / POINTS * INCH) for points in page.get_size())
        if size != A4:
            found.append(f"page {number} is no A4: {size}")
        if not LETTER.holds(ink := _ink(page)):
            found.append(f"page {number} has ink in its margins: {ink}")
        found += [f"page {number}: {one!r} stands in {other!r}" for one, other in _in_the_way(page)]
    first = pypdfium2.PdfDocument(pdf)[0]
    places = [box for text, box in _texts(first) if text == sender]
    if not any(LETTERHEAD.holds(place) and _colour(first, place) == rgb for place in places):
        found.append(f"{sender} is not at the head, in its colour: {places}")
    return found


def _texts(page: pypdfium2.PdfPage) -> Iterator[tuple[str, Box]]:
    """Yield each run of letters with its place."""
    text, height = page.get_textpage(), page.get_height()
    for index in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(index)
        said = text.get_text_bounded(left, bottom, right, top).strip()
        yield said, Box(*(value / POINTS * INCH for value in (left, height - top, right, height - bottom)))


def _in_the_way(page: pypdfium2.PdfPage) -> Iterator[tuple[str, str]]:
    """Yield the texts that stand in one another."""
    for (one, here), (other, there) in combinations(_texts(page), 2):
        if here.covers(there) > 1 / 4:
            yield one, other


def _ink(page: pypdfium2.PdfPage) -> Box:
    """Return the smallest rectangle with all that is no paper, as the page is rendered."""
    scale = 2
    picture = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    box = picture.point(lambda level: 255 * (level < DARK)).getbbox()
    assert box is not None, "nothing stands on the page"
    return Box(*(side / scale / POINTS * INCH for side in box))


def _colour(page: pypdfium2.PdfPage, place: Box) -> tuple[int, int, int]:
    """Return the darkest colour at *place*, that of the letters there."""
    scale = 6
    picture = page.render(scale=scale).to_pil().convert("RGB")
    part = picture.crop(tuple(round(side / INCH * POINTS * scale) for side in place))
    red, green, blue = min(part.get_flattened_data(), key=sum)
    return red, green, blue
