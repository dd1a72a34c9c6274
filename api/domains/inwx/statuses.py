"""INWX's states of an order and of a message (its type message_status), each as the one thing that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from api.domains.registrar import News, Reason

NEWS: Mapping[str, News] = MappingProxyType({
    "REG SUCCESSFUL": News.REGISTERED,
    "REG FAILED": News.REFUSED,
    "REG CANCELED": News.REFUSED,
    "TRANSFER SUCCESSFUL": News.TRANSFERRED,
    "TRANSFER FAILED": News.REFUSED,
    "TRANSFER CANCELED": News.REFUSED,
    "USERTRANSFER SUCCESSFUL": News.TRANSFERRED,
    "USERTRANSFER FAILED": News.REFUSED,
    "USERTRANSFER CANCELED": News.REFUSED,
    "USERTRANSFER DENIED": News.REFUSED,
    "TRANSFER-OUT NOTIFY": News.LEAVING,
    "TRANSFER-OUT REQUESTED": News.LEAVING,
    "USERTRANSFER-OUT REQUESTED": News.LEAVING,
    "TRANSFER-OUT SUCCESSFUL": News.LEFT,
    "USERTRANSFER-OUT SUCCESSFUL": News.LEFT,
    "TRANSFER-OUT NACK": News.STAYED,
    "TRANSFER-OUT FAILED": News.STAYED,
    "USERTRANSFER-OUT DENIED": News.STAYED,
    "USERTRANSFER-OUT CANCELED": News.STAYED,
    "USERTRANSFER-OUT FAILED": News.STAYED,
    "EXPIRE NOTIFICATION": News.EXPIRING,
    "EXPIRED": News.ON_HOLD,
    "CONTACTVERIFICATION SUSPENDED": News.ON_HOLD,
    "CONTACTVERIFICATION REACTIVATED": News.RELEASED,
    "UNDELETE SUCCESSFUL": News.RELEASED,
    "UNEXPIRE SUCCESSFUL": News.RELEASED,
})  # fmt: skip
"""What is absent is kept for staff."""

ORDERS = {"register": ("REG ",), "transfer": ("TRANSFER ", "USERTRANSFER ")}
"""Action → how the states of its order begin."""

REASONS = (
    (re.compile(r"auth", re.IGNORECASE), Reason.WRONG_AUTH_CODE),
    (re.compile(r"lock|prohibit", re.IGNORECASE), Reason.LOCKED),
    (re.compile(r"\b\d+ days\b|too (young|new|recent)", re.IGNORECASE), Reason.TOO_YOUNG),
    (re.compile(r"time.?out|no (answer|response)|expired", re.IGNORECASE), Reason.TIMED_OUT),
)
"""Words of a failed transfer → reason; INWX gives no codes."""


def reason(status: str, details: str) -> Reason:
    """Return why an order with this final *status* failed."""
    if status.startswith("REG "):
        return Reason.POLICY
    return next((found for pattern, found in REASONS if pattern.search(details)), Reason.REJECTED)
