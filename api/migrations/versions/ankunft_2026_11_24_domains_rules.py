"""The rules for domains: one open trade each, a registry's message once, a zone once."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api.migrations.rules import always, index, unique

ID = "2026-11-24T14:05:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "the rules for domains"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await unique("domain_trade", "open_domain")
        await unique("domain_trade", "transaction_id")
        await unique("registry_message", "registry", "message_id")
        await unique("zone", "name")
        await index("domain_trade", "domain", "id")
        await index("domain_trade", "look_at")
        await index("registry_message", "name")
        await index("zone", "look_at")
        await index("order_domain", "state", "id")
        await always("domain_trade", "lost", ">= 0")

    manager.add_raw(rules)
    return manager
