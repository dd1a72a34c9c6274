"""Databases for tests, SQLite and PostgreSQL, each test its own: copied from a template that has the whole history."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from piccolo.apps.migrations.tables import Migration
from piccolo.table import Table

from api import piccolo_conf
from api.engine import Engine, engine_for, opened
from api.migrations.history import migrate
from api.piccolo_app import APP_CONFIG

ORIGINAL = piccolo_conf.DB


def use(engine: Engine) -> None:
    """Let every table and every module of the API work on *engine*."""
    before = piccolo_conf.DB
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in {"api", "tests"} and vars(module).get("DB") is before:
            setattr(module, "DB", engine)  # noqa: B010 (the name is a constant of the module)
    tables: list[type[Table]] = [*APP_CONFIG.table_classes, Migration]
    for table in tables:
        table._meta._db = engine


@asynccontextmanager
async def sqlite_copy(template: Path, folder: Path) -> AsyncIterator[str]:
    """Work on a copy of the SQLite *template*, which is made at the first call."""
    if not await asyncio.to_thread(template.exists):
        fresh = template.with_suffix(".fresh")
        await _fill(f"sqlite:///{fresh}")
        await asyncio.to_thread(fresh.rename, template)
    copy = folder / "test.sqlite"
    shutil.copy(template, copy)
    async with _opened(f"sqlite:///{copy}") as url:
        yield url


@asynccontextmanager
async def postgresql_copy(urls: str) -> AsyncIterator[str]:
    """Work on a copy of the template database of the cluster at *urls*; the template is made at the first call."""
    admin = await asyncpg.connect(urls.format(name="postgres"))
    name = f"test_{uuid4().hex}"
    try:
        if not await admin.fetch("SELECT 1 FROM pg_database WHERE datname = 'template_ankunft'"):
            await admin.execute("CREATE DATABASE template_ankunft")
            await _fill(urls.format(name="template_ankunft"))
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template_ankunft')
        async with _opened(urls.format(name=name)) as url:
            yield url
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


async def _fill(url: str) -> None:
    async with _opened(url):
        await migrate()


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[str]:
    engine = engine_for(url)
    use(engine)
    try:
        async with opened(engine):
            yield url
    finally:
        use(ORIGINAL)
