"""The database, as Piccolo looks for it: the only thing that is built at import."""

from __future__ import annotations

from piccolo.conf.apps import AppRegistry

from api import settings
from api.engine import engine_for

DB = engine_for(settings.database_url())


def __getattr__(name: str) -> AppRegistry:
    """Build the registry when Piccolo asks for it: the tables need this module first."""
    if name == "APP_REGISTRY":
        return AppRegistry(apps=["api.piccolo_app"])
    raise AttributeError(name)
