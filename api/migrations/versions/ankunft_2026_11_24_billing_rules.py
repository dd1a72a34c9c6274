"""The rules for billing: an entry once, billed once, and nothing of ledger, tariffs and invoices is ever changed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api import counters
from api.migrations.rules import always, index, numbers_from, one_of, unchangeable, unique

ID = "2026-11-24T14:10:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "the rules for billing"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await unique("tariff_version", "tariff", "version")
        # An add-on runs once for an order, or for a domain of it, and a period of it is charged once. A revision is a
        # period charged anew after a cancelled invoice; reversals have none.
        await unique("service", "order", "addon", "item", where="ends_on IS NULL")
        await unique("service_entry", "service", "period_start", "revision")
        await unique("service_entry", "reverses", "period_start")
        await unique("invoice", "serial")
        await unique("invoice", "number")
        await unique("invoice", "corrects")
        await unique("invoice_line", "entry")
        await unique("invoice_line", "invoice", "position")

        await index("service", "customer", "next_on")
        await index("service", "order")
        await index("service_entry", "customer", "id")
        await index("service_entry", "order")
        await index("open_entry", "customer", "due_on")
        await index("invoice", "customer", "id")
        await index("invoice", "issued_on")

        await always("service", "price_cents", ">= 0")
        await one_of("service_entry", "tax_category", ("S", "AE", "O", "E"))
        await one_of("invoice", "kind", ("invoice", "credit_note"))
        await always("invoice", "gross_cents", ">= 0")
        await unchangeable("tariff_version")
        await unchangeable("service_entry")
        await unchangeable("invoice")
        await unchangeable("invoice_line")

        await numbers_from(counters.INVOICE, counters.LATER[counters.INVOICE])

    manager.add_raw(rules)
    return manager
