"""The published description, OpenAPI 3.1: made from the routes themselves, so that it cannot differ from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_args

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from api.answers import PROBLEM_JSON, Problem
from api.described import Description
from api.edge import FILE_TYPES, MULTIPART
from api.identity import Access

REFERENCE = "#/components/schemas/{name}"
PATH_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "cart_id": {"type": "string", "maxLength": 16},
    "number": {"type": "integer", "minimum": 1, "maximum": 2**53},
}
"""Schema of the parameters in paths; others are short texts."""

_FILE = {"type": "string", "contentEncoding": "binary"}
FILES: Mapping[str, Any] = {
    MULTIPART: {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "array", "minItems": 1, "items": _FILE}},
            "additionalProperties": False,
        }
    }
} | {media_type: {"schema": _FILE} for media_type in FILE_TYPES}
"""The body of a route that takes files."""

Json = dict[str, Any]


def describe(title: str, routes: Iterable[HTTPRoute], *, prefix: str = "/", but: str = "\0") -> Json:
    """Return the description of those *routes* whose path begins with *prefix* and not with *but*."""
    handlers = [
        (route.path_format, handler)
        for route in routes
        if route.path_format.startswith(prefix) and not route.path_format.startswith(but)
        for handler in route.route_handlers
        if isinstance(handler.opt.get("description"), Description)
    ]
    schemas, components = _schemas(handler for _, handler in handlers)
    paths: dict[str, Json] = {}
    for path, handler in sorted(handlers, key=lambda pair: pair[0]):
        for method in sorted(handler.http_methods):
            paths.setdefault(path, {})[method.lower()] = _operation(path, method, handler, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(handlers: Iterable[HTTPRouteHandler]) -> tuple[dict[Any, Json], Json]:
    """Return the schema of each type that the routes name, and the components that those refer to."""
    types: list[Any] = [Problem]
    for handler in handlers:
        description: Description = handler.opt["description"]
        types += [kind for kind in (*description.answers.values(), *_bodies(description)) if not _is_plain(kind)]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    portable: Json = _portable(components)
    return {_key(kind): _portable(schema) for kind, schema in zip(types, schemas, strict=True)}, portable


def _operation(path: str, method: str, handler: HTTPRouteHandler, schemas: Mapping[Any, Json]) -> Json:
    description: Description = handler.opt["description"]
    access: Access = handler.opt["access"]
    docstring = (handler.fn.__doc__ or "").strip()
    operation: Json = {
        "operationId": f"{method.lower()}_{re.sub(r'[^a-z0-9]+', '_', path.lower()).strip('_')}",
        "summary": docstring.partition("\n")[0],
        "parameters": list(_parameters(path, description)),
        "responses": {str(status): _answer(status, kind, schemas) for status, kind in description.answers.items()}
        | {str(status): _problem(status, schemas) for status in _problems(path, access, description)},
        "security": [] if access is Access.ANYONE else [{"token": []}],
    }
    if bodies := _bodies(description):
        operation["requestBody"] = {
            "required": not description.body_is_optional,
            "content": {"application/json": {"schema": _either([schemas[_key(kind)] for kind in bodies])}},
        }
    if description.files:
        operation["requestBody"] = {"required": True, "content": FILES}
    return operation


def _parameters(path: str, description: Description) -> Iterable[Json]:
    for name in re.findall(r"\{(\w+)\}", path):
        schema = PATH_PARAMETERS.get(name, {"type": "string", "maxLength": 64})
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, schema in description.query.items():
        yield {"name": name, "in": "query", "required": False, "schema": schema}
    for name, schema in description.headers.items():
        yield {"name": name, "in": "header", "required": True, "schema": schema}


def _problems(path: str, access: Access, description: Description) -> list[int]:
    """Return the statuses of all problems that the route may answer with."""
    found = set(description.problems)
    found |= {404} if "{" in path else set()
    found |= {401} if access is not Access.ANYONE else set()
    found |= {400} if description.query or description.headers else set()
    found |= {400, 413, 415, 422} if description.body is not None or description.files else set()
    return sorted(found)


def _answer(status: int, kind: Any, schemas: Mapping[Any, Json]) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase}
    if isinstance(kind, str):
        answer["content"] = {media: {"schema": {"type": "string"}} for media in kind.split(", ")}
    elif kind is not None:
        answer["content"] = {"application/json": {"schema": schemas[_key(kind)]}}
    return answer


def _problem(status: int, schemas: Mapping[Any, Json]) -> Json:
    answer: Json = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM_JSON: {"schema": schemas[_key(Problem)]}},
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        schema = {"type": "integer", "minimum": 0}
        answer["headers"] = {"Retry-After": {"description": "seconds", "required": True, "schema": schema}}
    return answer


def _bodies(description: Description) -> tuple[Any, ...]:
    body = description.body
    return () if body is None else body if isinstance(body, tuple) else (body,)


def _either(schemas: list[Json]) -> Json:
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


def _is_plain(kind: Any) -> bool:
    return kind is None or isinstance(kind, str)


def _key(kind: Any) -> Any:
    """Return what tells types apart, unions and annotated ones included."""
    return (kind, get_args(kind))


def _portable(schema: Any) -> Any:
    """Write patterns as ECMA 262 knows them, which OpenAPI refers to, and texts without their indentation."""
    if isinstance(schema, list):
        return [_portable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _portable(value) for key, value in schema.items()}
    if isinstance(result.get("pattern"), str):
        result["pattern"] = result["pattern"].replace(r"\Z", "$")
    if isinstance(result.get("description"), str):
        result["description"] = " ".join(result["description"].split())
    return result
