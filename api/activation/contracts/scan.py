"""A process of its own that looks at what came from outside: `python -m api.activation.contracts.scan <task> <pages>`.

It reads one document or mail from its input, writes one answer (MessagePack) to its output, and ends. Before it touches
a byte it gives up what it does not need: it can open no file and no connection, start no process, and its memory and
time are bounded by the kernel. Nothing of a document is used but its pages as pictures.
"""

from __future__ import annotations

import resource
import sys

import msgspec

from api.activation.contracts.answers import Page, Scanned
from api.activation.contracts.codes import marks_in
from api.activation.contracts.pages import NotReadableError, pages_of, picture_digest, picture_png
from api.activation.contracts.unpacking import SPECIMEN, unpack
from api.memory import keep_to_itself

MEMORY_BYTES = 1 << 30


def main() -> None:
    """Do the one task."""
    task, number, cpu_s = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    content = sys.stdin.buffer.read()
    unpack(SPECIMEN)
    confine(cpu_s)
    if task == "unpack":
        answer: msgspec.Struct = unpack(content)
    elif task == "page":
        answer = show(content, number)
    else:
        answer = scan(content, number)
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


def confine(cpu_s: int) -> None:
    """Give up files, connections, children and all but *cpu_s* seconds; what is open already (the pipes) stays.

    The memory of others is theirs: programs that hold a secret, and readers of another document, keep it to themselves.
    """
    keep_to_itself()
    for limit, value in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def scan(content: bytes, most_pages: int) -> Scanned:
    """Return what each page shows, or why nobody can tell."""
    pages: list[Page] = []
    try:
        for picture in pages_of(content, most_pages):
            pages.append(Page(picture_digest(picture), marks_in(picture)))  # noqa: PERF401 (what was read stays)
    except NotReadableError as error:
        return Scanned(pages, str(error))
    return Scanned(pages, None)


def show(content: bytes, number: int) -> Scanned:
    """Return the page of this *number*, from 0, as a picture."""
    try:
        for picture in pages_of(content, 1, start=number, is_cut=True):
            return Scanned([Page(picture_digest(picture), [], picture_png(picture))], None)
    except NotReadableError as error:
        return Scanned([], str(error))
    return Scanned([], "the document has no such page")


if __name__ == "__main__":
    main()
