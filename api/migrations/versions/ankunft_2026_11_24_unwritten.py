"""Files for the bank that are still to be written, and what the books of a period are found by."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import ForeignKey, Serial
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table

from api.migrations.rules import index

ID = "2026-11-24T18:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "files for the bank that are still to be written"


class DebitRun(Table, tablename="debit_run", schema=None):
    id = Serial(
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name="id",
        secret=False,
    )


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="ankunft", description=DESCRIPTION
    )

    manager.add_table(
        class_name="Unwritten", tablename="unwritten", schema=None, columns=None
    )

    manager.add_column(
        table_class_name="Unwritten",
        tablename="unwritten",
        column_name="run",
        db_column_name="run",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": DebitRun,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    async def rules() -> None:
        await index("invoice_document", "archived_at")
        await index("movement", "at")

    manager.add_raw(rules)
    return manager
