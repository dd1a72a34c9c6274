"""The rules for what was said to registries: quick to find by what it is about, and by its age."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api.migrations.rules import index

ID = "2026-11-24T14:30:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "the rules for frames of registries"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await index("registry_frame", "subject", "id")
        await index("registry_frame", "at")

    manager.add_raw(rules)
    return manager
