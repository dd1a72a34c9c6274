"""The documents that go with a mail about an invoice: those of the archive, never new ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api.billing.documents import archive
from api.equipment import Equipment
from api.notices.mail import Attachment


async def papers(_: Equipment, row: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Return the PDF of the invoice that outbox *row* tells of; the XML is inside it."""
    paper = await archive.fetch(json.loads(row["context"])["invoice"])
    return (Attachment(f"{paper.number}.pdf", paper.pdf),)
