"""The rules for documents and receivables: archived once, owed once, collected once an attempt, and never changed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api import counters
from api.billing.receivables.movements import KINDS
from api.migrations.rules import always, index, numbers_from, one_of, unchangeable, unique

ID = "2026-11-24T14:15:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "the rules for documents and receivables"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await unique("invoice_document", "invoice")
        await unique("invoice_document", "place")
        await unique("invoice_document", "seal")
        await unique("receivable", "invoice")
        await unique("movement", "receivable", "kind", "reference")
        await unique("debit_run", "number")
        await unique("collection", "end_to_end_id")

        await index("receivable", "customer")
        await index("receivable", "way", "due_on")
        await index("movement", "booked_on")
        await index("collection", "receivable")
        await index("collection", "run")

        await one_of("receivable", "way", ("sepa_debit", "transfer"))
        await one_of("movement", "kind", KINDS)
        await always("debit_run", "sum_cents", "> 0")
        await always("collection", "amount_cents", "> 0")
        await unchangeable("invoice_document")
        await unchangeable("movement")
        await unchangeable("debit_run")
        await unchangeable("collection")

        for counter in (counters.ARCHIVE, counters.DEBIT_RUN):
            await numbers_from(counter, counters.LATER[counter])

    manager.add_raw(rules)
    return manager
