"""The mark on every page of a contract: the cart ID with a keyed check, so that only our own papers file themselves.

It is written as a QR code in its alphanumeric form. A foreign code, or one that somebody made up, has no valid check.
"""

from __future__ import annotations

import hmac
import io
from base64 import b32encode

import segno

from api.activation.contracts.marked import MARK
from api.seal import Seal

CHECK_BYTES = 10
QUIET_ZONE = 4
"""Modules of white around the code (ISO/IEC 18004)."""


def mark_of(seal: Seal, cart_id: str) -> str:
    """Return what the code of *cart_id* says."""
    check = b32encode(seal.derive("contract mark", cart_id)[:CHECK_BYTES]).decode()
    return f"ANKUNFT/{cart_id}/{check}"


def cart_id_in(seal: Seal, text: str) -> str | None:
    """Return the cart ID that a code's *text* names, or None if the mark is not one of ours."""
    match = MARK.fullmatch(text)
    if match is None or not hmac.compare_digest(text, mark_of(seal, match["cart_id"])):
        return None
    return match["cart_id"]


def code_svg(seal: Seal, cart_id: str) -> str:
    """Return the code as SVG: level Q (a quarter may be lost), black on white, with its quiet zone."""
    out = io.BytesIO()
    segno.make(mark_of(seal, cart_id), error="q", boost_error=False, micro=False).save(
        out, kind="svg", border=QUIET_ZONE, light="#fff", dark="#000", xmldecl=False
    )
    return out.getvalue().decode()
