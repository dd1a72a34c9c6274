"""The database tells those who listen when there may be work for an agent."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api.migrations.rules import told

ID = "2026-11-24T10:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "work is told of"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await told("draw")
        await told("job")

    manager.add_raw(rules)
    return manager
