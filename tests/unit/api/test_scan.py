"""Foreign documents are looked at by a process that can do nothing else, and nothing but pages comes out of it."""

import io
import subprocess
import sys
import time
import zipfile
import zlib
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from api.activation.contracts import reader
from api.activation.contracts.division import Part, divide
from api.activation.contracts.headers import plain
from api.activation.contracts.reader import Bounds, LookError
from tests.customer.paper import pdf_of, tiff

pytestmark = pytest.mark.slow

CONFINED = """
import socket, subprocess, sys
from api.activation.contracts.scan import confine
confine(1)
for attempt in (
    lambda: open("/etc/passwd"),
    lambda: socket.socket(),
    lambda: subprocess.run(["true"]),
    lambda: bytearray(5 << 28),
):
    try:
        attempt()
    except (OSError, MemoryError):
        continue
    sys.exit("something went through")
while True:
    pass
"""


def page(side: int = 1200) -> Image.Image:
    return Image.new("L", (side, side), 255)


def test_who_looks_can_open_nothing_start_nothing_and_not_go_on_for_ever() -> None:
    begun = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", CONFINED], capture_output=True, check=False, timeout=30)
    assert ended.returncode == -9, ended.stderr
    assert time.monotonic() - begun < 20


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("contract.pdf", b"\0" * 10_000_000)
    return out.getvalue()


def png_bomb() -> bytes:
    """Return a PNG of 30,000 × 30,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = (30_000).to_bytes(4) * 2 + bytes([1, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 10**6)) + chunk(b"IEND", b"")
    )


def pdf(*objects: bytes) -> bytes:
    """Return a PDF of *objects*, the first of them the catalogue, without a table of places."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R /Size %d >>\n%%%%EOF\n" % (len(objects) + 1)


ACTIVE = pdf(
    b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.launchURL('http://127.0.0.1:1/')) >> >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R"
    b"/AA << /O << /S /URI /URI (http://x/) >> >> >>",
    b"<< /F (/etc/passwd) /FS /URL /Length 0 >>\nstream\n\nendstream",
)
VAST = pdf(
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 14400 14400] >>",
)
LOOPED = pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9999999 >>")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0", b"MZ\x90\0", zipped(), b"%PDF-", b"%PDF-1.7\n" + b"(" * 100_000, LOOPED, png_bomb(),
        b"II*\0" + b"\xff" * 400,
        b"II*\0\x08\0\0\0\0\0\x08\0\0\0", b"\xff\xd8\xff" + b"\0" * 1000, b"\x89PNG\r\n\x1a\n" + b"A" * 100,
        pdf_of([page()])[:-600],
    ],
    ids=[
        "empty", "nothing", "program", "archive", "pdf-head", "pdf-nested", "pdf-looped", "png-bomb", "tiff-garbage",
        "tiff-loop", "jpeg-garbage", "png-garbage", "pdf-cut",
    ],
)  # fmt: skip
async def test_what_is_broken_vast_or_something_else_is_told_and_harms_nobody(content: bytes) -> None:
    scanned = await reader.scan(content, Bounds(pages=30, cpu_s=20, wall_s=40))
    assert scanned.problem or all(not page.marks for page in scanned.pages)
    assert scanned.problem != ""


async def test_an_active_document_is_a_picture_and_a_vast_page_a_small_one() -> None:
    for content in (ACTIVE, VAST):
        scanned = await reader.scan(content, reader.MAILED)
        assert (len(scanned.pages), scanned.problem) == (1, None)
    shown = await reader.show(VAST, 0)
    assert shown is not None
    with Image.open(io.BytesIO(shown)) as picture:
        assert picture.width * picture.height <= 12_100_000


async def test_pages_are_counted_and_time_is_up_some_day() -> None:
    long = tiff([page(500).convert("1")] * 31)
    assert (await reader.scan(long, reader.MAILED)).problem == "it has more than 30 pages"
    assert len((await reader.scan(long, reader.SCANNED)).pages) == 31
    with pytest.raises(LookError):
        await reader.scan(long, Bounds(pages=31, cpu_s=1000, wall_s=0))
    with pytest.raises(LookError):
        await reader.scan(
            png_bomb() * 2 + tiff([page(4000)] * 3, compression="raw"), Bounds(pages=3, cpu_s=0, wall_s=30)
        )


async def test_any_page_can_be_looked_at_without_those_before() -> None:
    sheets = [Image.new("L", (500, 600 + 100 * number), 255) for number in range(3)]
    for content in (tiff([sheet.convert("1") for sheet in sheets]), pdf_of(sheets)):
        shown = await reader.show(content, 2)
        assert shown is not None
        with Image.open(io.BytesIO(shown)) as picture:
            assert picture.height in {800, 801}
        assert await reader.show(content, 3) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "MPO", "TIFF"])
async def test_pictures_of_every_kind_are_pages_upright(kind: str) -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # the camera was held sideways
    Image.new("RGB", (1200, 800), "white").save(out, kind, exif=exif)
    scanned = await reader.scan(out.getvalue(), reader.MAILED)
    assert (len(scanned.pages), scanned.problem) == (1, None)
    shown = await reader.show(out.getvalue(), 0)
    assert shown is not None
    with Image.open(io.BytesIO(shown)) as picture:
        assert picture.size == (800, 1200)


async def test_a_mail_is_taken_apart_to_its_documents_and_notes() -> None:
    inner, outer = EmailMessage(), EmailMessage()
    inner["Subject"] = "Vertrag"
    inner.set_content("anbei")
    inner.add_attachment(pdf_of([page()]), "application", "octet-stream", filename="Vertrag für Müller.doc")
    outer["From"], outer["Subject"] = "Jürgen O'Brien <j@example.org>", "WG: Vertrag 7K3M-P9TA-4"
    outer.set_content("siehe Anhang")
    outer.add_attachment(inner)
    outer.add_attachment(zipped(), "application", "pdf", filename="contract.pdf")
    logo = io.BytesIO()
    Image.new("L", (200, 80)).save(logo, "PNG")
    outer.add_attachment(logo.getvalue(), "image", "png", filename="logo.png")
    unpacked = await reader.unpack(outer.as_bytes())
    assert [(document.name, document.content[:5]) for document in unpacked.documents] == [
        ("Vertrag für Müller.doc", b"%PDF-")
    ]
    assert unpacked.notes == [
        "contract.pdf: refused, it is no PDF, TIFF, JPEG or PNG",
        "logo.png: left aside, it is too small to be a page",
    ]
    assert (unpacked.sender, unpacked.subject) == ("Jürgen O'Brien <j@example.org>", "WG: Vertrag 7K3M-P9TA-4")


def nested(depth: int) -> bytes:
    heads = "".join(f'Content-Type: multipart/mixed; boundary="{level}"\n\n--{level}\n' for level in range(depth))
    return heads.encode() + b"Content-Type: text/plain\n\nx\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\0" * 1000, b"\n" * 2_000_000, nested(50), nested(5000), b"From: " + b"a," * 500_000 + b"\n\nx",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain; name=a.exe\n\nMZ\n" * 5000,
        (b"Subject: =?x-unknown?B?////?= =?utf-8?Q?=ff=fe?=\nContent-Type: image/png\n"
        b"Content-Transfer-Encoding: base64\n\n!!"),
        b"Content-Type: message/rfc822\n\n" * 3000, b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 /etc/passwd\n",
    ],
    ids=["empty", "zeros", "lines", "deep", "abyss", "addresses", "parts", "words", "mails", "uu"],
)  # fmt: skip
async def test_whatever_a_mail_is_it_is_taken_apart_or_refused_within_bounds(raw: bytes) -> None:
    begun = time.monotonic()
    try:
        unpacked = await reader.unpack(raw)
    except LookError:
        pass
    else:
        assert not unpacked.documents
        assert len(unpacked.notes) <= 10
    assert time.monotonic() - begun < 60


def test_foreign_headers_are_one_printable_line() -> None:
    assert plain("=?utf-8?Q?M=C3=BCller_=26_S=C3=B6hne?=") == "Müller & Söhne"
    assert plain("a\r\nBcc: b\u202e\x00c") == "a Bcc: b c"
    assert len(plain("x" * 5000)) == 120
    assert plain(None) == ""


def test_a_stack_is_divided_by_its_marks() -> None:
    a, b, none = frozenset({"A"}), frozenset({"B"}), frozenset[str]()
    assert divide([none, a, none, b, b, none]) == [Part("A", (0, 1, 2)), Part("B", (3, 4, 5))]
    assert divide([none, none]) == [Part(None, (0, 1))]
    assert divide([a, frozenset({"A", "B"}), a]) == [Part("A", (0, 1, 2))]
    assert divide([a, b, a]) == [Part("A", (0, 2)), Part("B", (1,))]
    assert divide([]) == []


def test_the_process_is_given_nothing_of_ours() -> None:
    assert set(reader.ENVIRONMENT) == {"PATH", "LANG"}
    assert Path(reader.PROGRAM[0]).exists()
