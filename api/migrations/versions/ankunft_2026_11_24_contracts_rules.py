"""The rules that the database holds for contracts and what comes back: what is unique, what may stand in a column."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api.lifecycle import ReturnState
from api.migrations.rules import index, one_of, unique

ID = "2026-11-24T14:11:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the rules for contracts and what comes back"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await unique("contract", "order")
        await unique("returned_original", "digest")
        await unique("returned_document", "pages_digest")
        await index("returned_document", "state", "not_before")
        await index("returned_document", "order")
        await index("returned_document", "original")
        await one_of("returned_document", "state", ReturnState)
        await one_of("returned_document", "channel", ("email", "fax", "post"))

    manager.add_raw(rules)
    return manager
