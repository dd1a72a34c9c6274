"""What has to be changed so that a domain has the name servers and keys that it should have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.domains.epp import domains
from api.domains.epp.domains import State
from api.domains.epp.markup import Element
from api.domains.registrar import Ds
from api.registries import Registry


def change(
    state: State, nameservers: Sequence[str], ds: Sequence[Ds], registry: Registry
) -> tuple[Element, Element | None] | None:
    """Return the update and its extension, None where nothing differs."""
    listed = domains.host_attributes if registry.hosts == "attributes" else domains.host_objects
    wanted = {_plain(name) for name in nameservers}
    present = {_plain(name) for name in state.nameservers}
    keys_wanted, keys_present = {_spelled(one) for one in ds}, {_spelled(one) for one in state.ds}
    keys_differ = keys_wanted != keys_present
    if wanted == present and not keys_differ:
        return None
    update = domains.update(
        state.name,
        add=_some(listed(sorted(wanted - present))),
        remove=_some(listed(sorted(present - wanted))),
    )
    extension = (
        domains.keys(_sorted(keys_wanted - keys_present), _sorted(keys_present - keys_wanted)) if keys_differ else None
    )
    return update, extension


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _spelled(ds: Ds) -> Ds:
    return Ds(ds.key_tag, ds.algorithm, ds.digest_type, ds.digest.upper())


def _sorted(ds: Iterable[Ds]) -> list[Ds]:
    return sorted(ds, key=lambda one: (one.key_tag, one.algorithm, one.digest_type, one.digest))


def _some(element: Element | None) -> list[Element]:
    return [] if element is None else [element]
