"""Settings that get us in at those who order domains: the sections [registry] and [inwx]."""

from __future__ import annotations

from pathlib import Path

from api.sections import Port, Positive, Section


class RegistryAccess(Section, frozen=True):
    """The registry, or the gateway to many, that the driver epp talks to."""

    #: What it is called in alarms, and before staff.
    name: str = "registry"
    host: str = ""
    port: Port = 700
    #: Who we log in as.
    client_id: str = ""
    #: Whose what we make is there (clID, reID, acID); none = the same.
    registrar_id: str = ""
    #: Comes by ANKUNFT_REGISTRY_PASSWORD_FILE.
    password: str = ""
    #: Whose certificates it has (PEM); none = those that the machine trusts.
    ca_file: Path | None = None
    #: Ours, with its chain, and its private key (PEM).
    certificate: Path | None = None
    key: Path | None = None
    #: For a connection, and for an answer.
    answer_within_s: Positive = 30
    #: So long a silence is broken by a hello.
    hello_after_s: Positive = 120


class InwxAccess(Section, frozen=True):
    """The account at the reseller INWX that the driver inwx uses."""

    #: `https://api.ote.domrobot.com` is its test system.
    url: str = "https://api.domrobot.com"
    user: str = ""
    #: Comes by ANKUNFT_INWX_PASSWORD_FILE.
    password: str = ""
    #: Of the second factor, where the account has one; comes by ANKUNFT_INWX_SHARED_SECRET_FILE.
    shared_secret: str = ""
    answer_within_s: Positive = 60
