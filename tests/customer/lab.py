"""The description of a running fleet that `playbooks/lab.yml` leaves in `.lab/`."""

from pathlib import Path

import msgspec


class Server(msgspec.Struct, frozen=True):
    """One hosting server of a fleet."""

    address: str
    leader_pid: int


class Registry(msgspec.Struct, frozen=True):
    """The registry beside the fleet, with the account of the other registrar."""

    host: str
    port: int
    ca_file: Path
    client_id: str
    password: str
    #: Its book, and each registrar's certificate and key: what `tests.registry.other` acts on.
    folder: Path


class ContractsLmtp(msgspec.Struct, frozen=True):
    """Where mails with signed contracts are taken."""

    host: str
    port: int
    address: str


class Resolver(msgspec.Struct, frozen=True):
    """The resolver beside the fleet: it knows the fleet's zones only."""

    host: str
    port: int


class Lab(msgspec.Struct, frozen=True):
    """A fleet with its API, seen by those who use it."""

    api: str
    staff_token: str
    hosts: dict[str, Server]
    #: A Maildir that receives every mail to a customer.
    mail_sink: Path
    #: A JSON object (`to`, `text`) per line, one line per message.
    sms_sink: Path
    database_url: str
    #: The key that opens root's SSH on every server of the fleet.
    ssh_key: Path
    #: The settings file of the API, for `ankunft --config`.
    config: Path
    registry: Registry
    contracts_lmtp: ContractsLmtp
    dns: Resolver


def read_lab(file: Path) -> Lab:
    """Read the description in *file*."""
    return msgspec.json.decode(file.read_bytes(), type=Lab, dec_hook=lambda kind, text: kind(text))
