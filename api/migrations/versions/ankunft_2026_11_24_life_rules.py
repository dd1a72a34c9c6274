"""The rules for the life around an order: what is unique, what is found quickly."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api.migrations.rules import always, index, unique

ID = "2026-11-24T14:31:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the rules for the life around an order"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await unique("allowance", "scope", "period")
        await unique("reminder", "offer", "days_before")
        await unique("further_order_link", "digest")
        await unique("trait", "customer", "kind")
        await unique("duplicate", "earlier", "later")
        await unique("merger", "given_up")
        await index("allowance", "first_at")
        await index("sms_activation", "is_wanted")
        await index("trait", "kind", "digest")
        await index("duplicate", "decision")
        await index("merger", "kept")
        await index("journal", "order", "state_after")
        await always("allowance", "taken", ">= 0")

    manager.add_raw(rules)
    return manager
