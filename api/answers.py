"""The shapes of what goes wrong, as clients read them (RFC 9457). Which error becomes which is in `api.problems`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Response

PROBLEM_JSON = "application/problem+json"
TYPE = "urn:ankunft:problem:"


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field; what was typed is never repeated."""

    #: Dotted path from the top of the body, or the name of a header.
    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem document."""

    type: str
    title: str
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    detail: str = ""
    #: The fields that are wrong, all that were found.
    errors: Sequence[FieldError] = ()
    #: Only for what we did not foresee: tell it to the operator, who finds the cause under it.
    id: str = ""


class FieldsError(Exception):
    """Fields of a request that cannot be what the sender meant."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(", ".join(error.field for error in errors))
        self.errors = errors


def wrong(field: str, message: str) -> FieldsError:
    """Return the error for one field."""
    return FieldsError(FieldError(field, message))


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return *problem* as a response."""
    return Response(
        msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM_JSON, headers=headers or {}
    )
