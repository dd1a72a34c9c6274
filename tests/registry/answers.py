"""What the registry says: its greeting and its answers (RFC 5730 §2.4, §2.6)."""

from __future__ import annotations

from typing import NamedTuple

from api.domains.epp.markup import CONTACT, DOMAIN, HOST, RGP, SECDNS, Element, epp
from tests.registry.store import now

WORDS = {
    1000: "Command completed successfully",
    1001: "Command completed successfully; action pending",
    1300: "Command completed successfully; no messages",
    1301: "Command completed successfully; ack to dequeue",
    1500: "Command completed successfully; ending session",
    2000: "Unknown command",
    2001: "Command syntax error",
    2002: "Command use error",
    2101: "Unimplemented command",
    2103: "Unimplemented extension",
    2104: "Billing failure",
    2105: "Object is not eligible for renewal",
    2106: "Object is not eligible for transfer",
    2200: "Authentication error",
    2201: "Authorization error",
    2202: "Invalid authorization information",
    2300: "Object pending transfer",
    2301: "Object not pending transfer",
    2302: "Object exists",
    2303: "Object does not exist",
    2304: "Object status prohibits operation",
    2305: "Object association prohibits operation",
    2306: "Parameter value policy error",
    2307: "Unimplemented object service",
    2308: "Data management policy violation",
    2400: "Command failed",
    2500: "Command failed; server closing connection",
    2501: "Authentication error; server closing connection",
}


class Answer(NamedTuple):
    """The answer to a command, before it is written."""

    code: int = 1000
    reason: str = ""
    data: Element | None = None
    extension: Element | None = None
    queued: Element | None = None


def greeting(extensions: tuple[str, ...] = (SECDNS, RGP)) -> Element:
    """Return what a registry says first: its clock, what it speaks, how it treats data."""
    menu = epp(
        "svcMenu", epp("version", "1.0"), epp("lang", "en"),
        *(epp("objURI", uri) for uri in (DOMAIN, CONTACT, HOST)),
        epp("svcExtension", *(epp("extURI", uri) for uri in extensions)),
    )  # fmt: skip
    statement = epp(
        "statement",
        epp("purpose", epp("admin"), epp("prov")),
        epp("recipient", epp("ours")),
        epp("retention", epp("stated")),
    )
    dcp = epp("dcp", epp("access", epp("all")), statement)
    return epp("epp", epp("greeting", epp("svID", "Registry of the lab"), epp("svDate", now()), menu, dcp))


def response(answer: Answer, transaction_id: str, server_id: str) -> Element:
    """Return the frame of an answer."""
    result = epp("result", epp("msg", WORDS[answer.code]), _reason(answer.reason), code=str(answer.code))
    return epp(
        "epp",
        epp(
            "response",
            result,
            answer.queued,
            None if answer.data is None else epp("resData", answer.data),
            None if answer.extension is None else epp("extension", answer.extension),
            epp("trID", epp("clTRID", transaction_id) if transaction_id else None, epp("svTRID", server_id)),
        ),
    )


def _reason(reason: str) -> Element | None:
    return epp("extValue", epp("value", epp("undef")), epp("reason", reason)) if reason else None
