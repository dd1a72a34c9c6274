"""The database, as Piccolo looks for it: the only thing that is built at import."""

from __future__ import annotations

from piccolo.conf.apps import AppRegistry

from api import settings
from api.engine import engine_for

DB = engine_for(settings.database_url())

APP_REGISTRY = AppRegistry(apps=["api.piccolo_app"])
