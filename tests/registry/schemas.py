"""The RFCs' XML schemas, which `make setup` cuts out of Debian's packages."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from api.domains.epp.markup import Element

FOLDER = Path(__file__).parents[2] / ".cache" / "epp-schemas"


class NoSchemasError(Exception):
    """The schemas are not there."""


class Judge:
    """Says of a frame what is wrong with it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        file = folder / "all.xsd"
        if not file.exists():
            raise NoSchemasError(f"{folder} holds no XML schemas; `make setup` cuts them out of the RFCs")
        self._schema = etree.XMLSchema(etree.parse(str(file)))

    def complaint(self, root: Element) -> str:
        """Return what the schemas object to, nothing when all is well."""
        return "" if self._schema.validate(root) else str(self._schema.error_log)
