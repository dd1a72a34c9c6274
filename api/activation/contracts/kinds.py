"""What a document is, its first bytes say; looked at without any library."""

from __future__ import annotations


def kind_of(content: bytes) -> str | None:
    """Return PDF, TIFF, JPEG or PNG, or None for anything else."""
    if b"%PDF-" in content[:1024]:
        return "PDF"
    for magic, kind in (
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
    ):
        if content.startswith(magic):
            return kind
    return None
