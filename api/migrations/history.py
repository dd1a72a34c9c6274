"""Bring the database up to date, and say whether it is."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration

from api.piccolo_app import APP_CONFIG
from api.piccolo_conf import DB
from api.tables import Counter

LOCK = 0x616E6B75
"""Key of the advisory lock that lets one process migrate a PostgreSQL database at a time."""


class MigrationError(Exception):
    """A step of the history failed; the database is as it was before that step."""


async def migrate() -> list[str]:
    """Run the steps that are missing, all or none; return their names. Others who migrate meanwhile wait."""
    _tell_piccolo()
    async with DB.transaction():
        if DB.engine_type == "postgres":
            await Counter.raw("SELECT pg_advisory_xact_lock({})", LOCK)
        before = await missing()
        with redirect_stdout(sys.stderr):
            result = await run_forwards(APP_CONFIG.app_name)
        if not result.success:
            raise MigrationError(result.message or "the history could not be run")
    return before


async def missing() -> list[str]:
    """Return the steps that the database has not seen."""
    _tell_piccolo()
    ran = await Migration.get_migrations_which_ran(APP_CONFIG.app_name) if await Migration.table_exists() else []
    return sorted(set(_known()) - set(ran))


def _tell_piccolo() -> None:
    """Name the module that Piccolo's own commands take the database from."""
    os.environ["PICCOLO_CONF"] = "api.piccolo_conf"


def _known() -> list[str]:
    lines = [
        line
        for path in Path(APP_CONFIG.migrations_folder_path).glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith('ID = "')
    ]
    return [line.removeprefix('ID = "').rstrip('"') for line in lines]
