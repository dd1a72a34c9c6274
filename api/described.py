"""What a route says of itself: who may call it, what it takes and answers. `api.openapi` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from api.identity import Access


class Description(msgspec.Struct, frozen=True):
    """What the published description says of one route beyond its path and docstring."""

    #: Status → the type of the answer, or a media type for what is no JSON.
    answers: Mapping[int, Any]
    #: The types that the body may have, if the route takes one.
    body: Any = None
    #: Whether the body may be left out.
    body_is_optional: bool = False
    #: Whether it takes files instead: one as it is, or any number as multipart/form-data.
    files: bool = False
    #: Statuses of problems, beyond those that follow from the path, the body and the access.
    problems: Sequence[int] = ()
    #: Name → JSON schema of parameters in the query; none is required.
    query: Mapping[str, Mapping[str, Any]] = {}
    #: Name → JSON schema of headers; all are required.
    headers: Mapping[str, Mapping[str, Any]] = {}


def described(access: Access, answers: Mapping[int, Any], **more: Any) -> dict[str, Any]:
    """Return the keyword arguments that make a Litestar route say who may call it and what it does.

    The first of the *answers* is the one of success.
    """
    return {
        "status_code": next(iter(answers)),
        "opt": {"access": access, "description": Description(answers=answers, **more)},
    }
