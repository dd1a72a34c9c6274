"""What was said to registries, and what they said, for staff who have to find out what became of a domain."""

from __future__ import annotations

from piccolo.columns import Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.piccolo_conf import DB


class RegistryFrame(Table, db=DB, tablename="registry_frame"):
    """A command and its answer, without auth codes, passwords and what describes a person; kept for a time."""

    id: Serial
    at = Timestamptz(default=None)
    #: What the registry is called, `registry.name`.
    registry = Varchar(32)
    #: "create domain", "poll req".
    command = Varchar(32)
    #: The domain, contact or host that it is about.
    subject = Varchar(253, null=True, default=None)
    #: clTRID.
    transaction_id = Varchar(64)
    #: The result code, or "lost".
    result = Varchar(8)
    #: XML, redacted.
    sent = Text()
    #: XML, redacted; NULL where no answer came that can be believed.
    received = Text(null=True, default=None)
