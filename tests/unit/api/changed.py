"""The equipment of a running program, with other settings."""

from typing import Any

import msgspec

from api.equipment import Equipment


def with_settings(equipment: Equipment, section: str, **changes: Any) -> Equipment:
    """Return *equipment* whose settings differ in one *section* by *changes*."""
    changed = msgspec.structs.replace(getattr(equipment.settings, section), **changes)
    settings = msgspec.structs.replace(equipment.settings, **{section: changed})
    return Equipment(settings, equipment.seal, equipment.catalogue, equipment.hashing, equipment.closing)
