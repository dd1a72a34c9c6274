"""Questions to the resolver, as everybody asks it."""

from dataclasses import dataclass

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype


@dataclass(frozen=True, slots=True)
class Found:
    """What came back."""

    #: NOERROR, SERVFAIL, …
    rcode: str
    #: The records' contents, sorted.
    records: tuple[str, ...]
    #: Whether the resolver validated it (DNSSEC).
    is_validated: bool


def resolve(address: str, port: int, name: str, kind: str) -> Found:
    """Ask the resolver for the records of *name* (A-label) of this *kind*."""
    question = dns.message.make_query(name, kind, want_dnssec=True)
    question.flags |= dns.flags.AD
    answer, _ = dns.query.udp_with_fallback(question, address, port=port, timeout=5)
    wanted = dns.rdatatype.from_text(kind)
    records = sorted(record.to_text() for rrset in answer.answer if rrset.rdtype == wanted for record in rrset)
    return Found(dns.rcode.to_text(answer.rcode()), tuple(records), bool(answer.flags & dns.flags.AD))
