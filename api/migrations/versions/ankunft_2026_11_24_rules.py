"""The rules that the database itself holds: what is unique, what may stand in a column, what never changes; the counters.

Written by hand: Piccolo's own constraints fail on SQLite. A CHECK is a trigger there, with the same message.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api import counters
from api.lifecycle import DomainState, JobState, MailState, OrderState
from api.migrations.rules import always, numbers_from, one_of, unchangeable, unique, index

ID = "2026-11-24T10:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the rules"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await unique("customer", "number")
        await unique("orders", "cart_id")
        await unique("orders", "number")
        await unique("orders", "idempotency_key")
        await unique("order_domain", "held_name")
        await unique("order_domain", "order", "position")
        await unique("staff", "token_digest")
        await unique("staff", "name")
        await unique("sms_activation", "order")
        await unique("host", "name")
        await unique("account", "order")
        await unique("account", "number")
        await unique("account", "name")
        await unique("account", "uid")
        await unique("job", "account", "sequence")
        await unique("outbox", "journal", "kind", "channel")
        await unique("outbox", "message_id")

        await index("orders", "state", "created_at")
        await index("orders", "customer", "id")
        await index("order_domain", "name")
        await index("order_domain", "state")
        await index("journal", "order", "id")
        await index("journal", "subject", "subject_id")
        await index("draw", "account")
        await index("draw", "state")
        await index("job", "state", "host")
        await index("job_progress", "job", "id")
        await index("outbox", "state", "not_before")
        await index("outbox", "order")
        await index("agent_nonce", "seen_at")
        await index("customer", "email")

        await one_of("orders", "state", OrderState)
        await one_of("order_domain", "state", DomainState)
        await one_of("job", "state", JobState)
        await one_of("outbox", "state", MailState)
        await always("sms_activation", "tries_left", ">= 0")
        await always("reservation", "taken", ">= 0")
        await unchangeable("journal")

        for name, first in counters.FIRST.items():
            await numbers_from(name, first)

    manager.add_raw(rules)
    return manager
