"""What makes two orders alike: a network, a mail address, a telephone, a bank account, each in one spelling, hashed."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_interface, ip_network

from api.intake import person
from api.intake.risk.case import Case
from api.seal import Seal

NETWORK, MAIL, MAIL_DOMAIN, PHONE, IBAN = "network", "mail", "mail_domain", "phone", "iban"
KINDS = (NETWORK, MAIL, MAIL_DOMAIN, PHONE, IBAN)
PREFIX_BITS = {4: 24, 6: 56}
MAPPED_BITS = 96
DOTS_DO_NOT_COUNT = frozenset({"gmail.com", "googlemail.com"})


def digest(seal: Seal, kind: str, spelling: str) -> str:
    """Return the keyed digest of something in its one spelling."""
    return seal.derive("risk", kind, spelling).hex()


def digests_of(seal: Seal, case: Case) -> dict[str, str]:
    """Return the digest of each kind that *case* has."""
    said = {NETWORK: case.client_ip, MAIL: case.who["email"], PHONE: case.who["phone"], IBAN: case.iban}
    said[MAIL_DOMAIN] = str(case.who["email"]).rpartition("@")[2]
    return {kind: digest(seal, kind, _kept(kind, text)) for kind, text in said.items() if text}


def unwanted_of(seal: Seal, case: Case) -> dict[str, list[str]]:
    """Return the digests under which *case* may be blocked: a mail domain is, when one that it is below is."""
    found = {kind: [one] for kind, one in digests_of(seal, case).items()}
    labels = _kept(MAIL_DOMAIN, str(case.who["email"]).rpartition("@")[2]).split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return found | {MAIL_DOMAIN: [digest(seal, MAIL_DOMAIN, parent) for parent in parents]}


def _kept(kind: str, text: str) -> str:
    """Return the one spelling of what is in our records, whatever it was when it came there."""
    try:
        return spelling(kind, text)
    except person.ImplausibleError:
        return text


def spelling(kind: str, text: str) -> str:
    """Return the one spelling of *text*.

    Raises:
        ImplausibleError: it is none of this *kind*.
    """
    match kind:
        case "network":
            return network(text)
        case "mail":
            return mailbox(person.email(text))
        case "mail_domain":
            return person.email(f"postmaster@{text.strip().lstrip('@')}").rpartition("@")[2].casefold()
        case "phone":
            return person.phone(text)
        case _:
            return person.iban(text)


def network(text: str) -> str:
    """Return the network that one household or office has, around an address or a network in it: IPv4 /24, IPv6 /56."""
    try:
        said = ip_interface(text.strip())
    except ValueError as error:
        raise person.ImplausibleError("is no IP address or network") from error
    ip, said_bits = said.ip, said.network.prefixlen
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip, said_bits = ip.ipv4_mapped, said_bits - MAPPED_BITS
    bits = PREFIX_BITS[ip.version]
    if said_bits < bits:
        raise person.ImplausibleError(f"is larger than a /{bits}, which counts as one network; name those in it")
    return str(ip_network((ip, bits), strict=False))


def mailbox(address: str) -> str:
    """Return the mailbox behind an address: capitals, what follows a plus, and dots at Gmail make no other one."""
    local, _, domain = address.casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in DOTS_DO_NOT_COUNT:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
