"""The one table from what went wrong to what clients read (RFC 9457)."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from litestar import Request, Response
from litestar.exceptions import HTTPException

from api import allowances
from api.activation import acceptance, code, correction
from api.activation.contracts import document, reader, returns
from api.answers import TYPE, FieldsError, Problem, answer
from api.billing.documents.archive import NoDocumentError
from api.customers import deciding, links
from api.domains import registration
from api.edge import NotJsonError, WrongMediaTypeError
from api.engine.conflicts import is_unavailable
from api.identity import NotThereError, UnknownCallerError
from api.intake import placing
from api.lifecycle import IllegalMoveError
from api.orders import NoOrderError
from api.provisioning import draws, hosts, jobs, signer

BACK_IN_S = 5

log = logging.getLogger("ankunft.api")


class Row(NamedTuple):
    """How one kind of error is told."""

    status: int
    slug: str
    title: str


TABLE: Mapping[type[Exception], Row] = MappingProxyType({
    NotJsonError: Row(400, "not-json", "The body is not JSON"),
    links.SpentLinkError: Row(401, "link-spent", "The link lets no order in any more"),
    placing.KeyMissingError: Row(400, "idempotency-key", "Idempotency-Key is missing or none"),
    UnknownCallerError: Row(401, "unknown-caller", "A valid token is needed"),
    signer.UnknownSignerError: Row(401, "unknown-signer", "A signature of an enrolled host is needed"),
    signer.NotApprovedError: Row(403, "not-approved", "The host is not let in"),
    hosts.EnrolmentRefusedError: Row(403, "enrolment-refused", "The token does not open this host"),
    NotThereError: Row(404, "not-there", "There is nothing here"),
    returns.NoReturnError: Row(404, "not-there", "There is nothing here"),
    NoDocumentError: Row(404, "not-there", "There is nothing here"),
    NoOrderError: Row(404, "not-there", "There is nothing here"),
    registration.NoDomainError: Row(404, "not-there", "There is nothing here"),
    jobs.NoJobError: Row(404, "not-there", "There is nothing here"),
    draws.DrawRefusedError: Row(409, "draw-refused", "The draw is not taken"),
    jobs.StaleError: Row(409, "stale", "The attempt is not waited for any more"),
    IllegalMoveError: Row(409, "does-not-fit", "The order is in another state"),
    code.NotOfferedError: Row(409, "not-offered", "Unlocking by SMS is not on offer"),
    document.ContractNotOfferedError: Row(409, "not-offered", "The contract is not on offer"),
    deciding.NotMergeableError: Row(409, "not-mergeable", "The two customers cannot be made one"),
    deciding.NoCustomerError: Row(404, "not-there", "There is nothing here"),
    correction.NotCorrectableError: Row(409, "not-correctable", "The number cannot be corrected"),
    acceptance.NameTakenError: Row(409, "domain-taken", "A domain is hosted here already"),
    code.UsedUpError: Row(410, "code-used-up", "The code is worth nothing any more"),
    WrongMediaTypeError: Row(415, "media-type", "The body has to be JSON"),
    reader.LookError: Row(422, "not-readable", "The document cannot be looked at"),
    FieldsError: Row(422, "fields", "Something in the request cannot be right"),
    placing.KeyReusedError: Row(422, "idempotency-key-reused", "Idempotency-Key was used for something else"),
    allowances.TooSoonError: Row(429, "too-soon", "Too often; try again later"),
})  # fmt: skip
"""Every error of the public tree that a client can act on. What is absent is a 500."""

BY_STATUS: Mapping[int, tuple[str, str]] = MappingProxyType({
    400: ("bad-request", "The request cannot be read"),
    401: ("unknown-caller", "A valid token is needed"),
    404: ("not-there", "There is nothing here"),
    405: ("method", "This does not go by this method"),
    413: ("too-large", "The body is too large"),
    415: ("media-type", "The body has to be JSON"),
})  # fmt: skip
"""What Litestar itself raises."""


def tell(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Turn *error* into the answer.

    What is not foreseen gets an id and is logged under it by kind and place alone: its text may hold a customer's data.
    """
    row = next((row for kind in type(error).__mro__ if (row := TABLE.get(kind))), None)
    if row is not None:
        errors = error.errors if isinstance(error, FieldsError) else ()
        detail = "" if isinstance(error, FieldsError) else str(error)
        problem = Problem(f"{TYPE}{row.slug}", row.title, row.status, detail=detail, errors=errors)
        return answer(problem, _headers(error, row.status))
    if isinstance(error, HTTPException) and error.status_code in BY_STATUS:
        slug, title = BY_STATUS[error.status_code]
        return answer(Problem(f"{TYPE}{slug}", title, error.status_code), _headers(error, error.status_code))
    if is_unavailable(error):
        log.error("the database is unavailable: %s", type(error).__name__)
        problem = Problem(f"{TYPE}unavailable", "Nothing can be stored just now; try again", 503)
        return answer(problem, {"Retry-After": str(BACK_IN_S)})
    reference = secrets.token_hex(8)
    where = "; ".join(f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:])
    route = request.scope.get("path_template", "?")
    log.error("%s: %s in %s %s at %s", reference, type(error).__name__, request.method, route, where)
    return answer(Problem(f"{TYPE}unforeseen", "Something went wrong here", 500, id=reference))


def _headers(error: Exception, status: int) -> dict[str, str]:
    if isinstance(error, allowances.TooSoonError):
        return {"Retry-After": str(error.wait_s)}
    if status == 401:  # noqa: PLR2004 (RFC 9110, 11.6.1: says how to authenticate)
        return {"WWW-Authenticate": "Bearer"}
    return dict(getattr(error, "headers", None) or {})
