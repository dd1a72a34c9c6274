"""What a registry wants before a domain: the holder as a contact, our name servers as hosts. Made once, or found."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence

from api.domains.epp import contacts, domains, hosts
from api.domains.epp.asking import Asking
from api.domains.epp.domains import Contacts
from api.domains.epp.markup import Element
from api.domains.epp.reply import Code
from api.domains.registrar import FailedError, Holder, Trade
from api.registries import Registry

#: Without what is taken for each other; 16 of them are more than 90 bits. Nobody is told, another is set when needed.
SAFE_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
CODE_LENGTH = 16
KINDS = (string.ascii_uppercase, string.ascii_lowercase, string.digits)


class RefusedError(Exception):
    """The registry does not take the holder, or a name server; its words are the message."""


class HostRefusedError(RefusedError):
    """The registry does not take a name server of ours."""


class Preparation:
    """Makes contacts and hosts, and remembers which hosts are there."""

    def __init__(self, asking: Asking, client_id: str) -> None:
        self._asking = asking
        self._client_id = client_id
        self._hosts: set[str] = set()

    async def prepare(self, trade: Trade, registry: Registry) -> tuple[Contacts, Element | None]:
        """Return whose the domain will be and which name servers it will have, as they stand in a create.

        Raises:
            RefusedError: the registry takes the holder not.
            HostRefusedError: it takes a name server not.
            RegistrarUnavailableError: it cannot be asked now.
        """
        owner = Contacts(None)
        if registry.contacts == "objects":
            identity = await self.have_contact(trade.holder)
            owner = Contacts(identity, tuple((role, identity) for role in registry.roles))
        if registry.hosts == "attributes":
            return owner, domains.host_attributes(trade.nameservers)
        await self.have_hosts(trade.nameservers)
        return owner, domains.host_objects(trade.nameservers)

    async def have_contact(self, holder: Holder) -> str:
        """Make the contact of *holder*, or find it: its id says what is in it."""
        identity = contacts.contact_id(self._client_id, holder)
        answer = await self._asking.ask(contacts.create(identity, holder, fresh_code()))
        if answer.good:
            return identity
        if answer.code == Code.EXISTS:
            known = await self._asking.ask(contacts.info(identity))
            if contacts.sponsor(known.data) == self._client_id:
                return identity
        raise _refusal(answer.code, RefusedError(answer.words))

    async def have_hosts(self, names: Sequence[str]) -> None:
        """Make the hosts that nobody made before."""
        for name in names:
            if name not in self._hosts:
                answer = await self._asking.ask(hosts.create(name))
                if not answer.good and answer.code != Code.EXISTS:
                    raise _refusal(answer.code, HostRefusedError(f"{name}: {answer.words}"))
                self._hosts.add(name)

    def forget(self) -> None:
        """Make the hosts anew the next time: the registry missed one."""
        self._hosts.clear()


def fresh_code() -> str:
    """Return a code for authInfo that every registry takes: 16 characters, capitals, small letters and digits."""
    while True:
        code = "".join(secrets.choice(SAFE_CHARACTERS) for _ in range(CODE_LENGTH))
        if all(set(code) & set(kind) for kind in KINDS):
            return code


def _refusal(code: int, refused: RefusedError) -> Exception:
    if code >= Code.FAILED:
        return FailedError(f"the registry answered {code}")
    return refused
