"""How we get in at a registry, as the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from api.registrar_access import RegistryAccess


class Account(NamedTuple):
    """Where a registry is, and who we are there."""

    host: str
    port: int
    #: Who logs in.
    client_id: str
    password: str
    #: Whose certificates the registry has; None = those that this machine trusts.
    ca_file: Path | None = None
    #: Ours (PEM).
    certificate: Path | None = None
    key: Path | None = None
    #: For a connection, and for an answer.
    within_s: float = 30.0
    #: So long a silence is broken by a hello; registries hang up after some minutes.
    silence_s: float = 120.0
    #: Whose what we make is there, where that is not who logs in.
    registrar_id: str = ""

    @property
    def sponsor(self) -> str:
        """What the registry calls us in its answers (clID, reID, acID)."""
        return self.registrar_id or self.client_id


def account(access: RegistryAccess) -> Account:
    """Return how *access* gets us in."""
    return Account(
        host=access.host,
        port=access.port,
        client_id=access.client_id,
        password=access.password,
        ca_file=access.ca_file,
        certificate=access.certificate,
        key=access.key,
        within_s=access.answer_within_s,
        silence_s=access.hello_after_s,
        registrar_id=access.registrar_id,
    )
