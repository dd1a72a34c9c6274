"""What a sysadmin sets for courier and runner: one file, read once at the start of each of the two."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from agent.jobs import HostName

DEFAULT_FILE = Path("/etc/ankunft/agent.toml")
ENVIRONMENT_PREFIX = "ANKUNFT_AGENT_"

Seconds = Annotated[float, msgspec.Meta(gt=0)]


class SettingsError(Exception):
    """The settings cannot be used; the message names the setting and the repair."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of the agent on one hosting server. Paths are absolute but *playbook* and *inventory*."""

    #: Where the order API listens for agents, without a path.
    api_url: str
    #: The inventory name of this server, and the key id of its signatures.
    host: HostName
    #: Certificates to trust instead of the system's; empty = the system's.
    ca_file: str = ""
    #: Plain http shows jobs to the network; only for a lab.
    allow_plain_http: bool = False

    key_file: Path = Path("/var/lib/ankunft-courier/agent.key")
    token_file: Path = Path("/etc/ankunft/enrolment-token")
    placement_file: Path = Path("/opt/ankunft/inventory/placement.json")
    spool_dir: Path = Path("/var/spool/ankunft")
    #: The API's key for job files: base64 of the raw 32 bytes. Pinned here, never fetched.
    job_public_key_file: Path = Path("/etc/ankunft/job-signing.pub")
    project_dir: Path = Path("/opt/ankunft")
    state_dir: Path = Path("/var/lib/ankunft-runner")
    #: Private folders of running jobs; on a tmpfs, wiped at start.
    run_dir: Path = Path("/run/ankunft-runner")
    #: Whether runs go over the warm Ansible; without it each starts an ansible-playbook of its own.
    warm: bool = True
    #: Where the warm Ansible listens for the runner's runs; only root may look into its folder.
    warm_socket: Path = Path("/run/ankunft-warm/ansible.sock")
    #: Both relative to *project_dir*.
    playbook: Path = Path("playbooks/account.yml")
    inventory: Path = Path("inventory/hosts.yml")

    #: Jobs that this server takes at once; they wait here for those that run.
    capacity: Annotated[int, msgspec.Meta(ge=1, le=64)] = 64
    #: Jobs of different accounts that one run works on at most; 1 = each has a run of its own, one after the other.
    batch: Annotated[int, msgspec.Meta(ge=1, le=64)] = 50
    #: How long a question for work may stay open.
    wait_s: Annotated[int, msgspec.Meta(ge=1, le=25)] = 20
    #: A lease is not renewed when the runner gave no sign of life for so long.
    silence_s: Seconds = 180.0
    #: A playbook run that takes longer is ended and counts as not tried.
    run_timeout_s: Annotated[int, msgspec.Meta(ge=1)] = 600
    #: How often folders are listed when inotify says nothing.
    rescan_s: Seconds = 3.0


def load(file: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read *file* (TOML); a variable ANKUNFT_AGENT_<SETTING> goes before it.

    Raises:
        SettingsError: the file is missing, or a setting is unknown, missing or of the wrong kind.
    """
    try:
        values = tomllib.loads(file.read_text())
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}; name the settings file with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}") from error
    values |= {
        field.name: _literal(environment[name])
        for field in msgspec.structs.fields(Settings)
        if (name := ENVIRONMENT_PREFIX + field.name.upper()) in environment
    }
    try:
        settings = msgspec.convert(values, Settings, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file}: {error}; the settings are listed in docs/agent.md") from error
    _check(settings, file)
    return settings


def _check(settings: Settings, file: Path) -> None:
    allowed = ("https://", "http://") if settings.allow_plain_http else ("https://",)
    if not settings.api_url.startswith(allowed):
        raise SettingsError(f"{file}: api_url has to begin with https:// (plain http needs allow_plain_http, in a lab)")
    for name in ("playbook", "inventory"):
        path: Path = getattr(settings, name)
        if path.is_absolute() or ".." in path.parts:
            raise SettingsError(f"{file}: {name} is relative to project_dir and stays below it")


def _literal(text: str) -> Any:
    """Read a variable as TOML would read the value (numbers, booleans), else as text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("Expected a path")
