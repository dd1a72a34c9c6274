"""What comes over the edge: strict JSON of a known shape and size, without characters that lie or break; or files.

Litestar's own decoding takes "1" for 1 and any Content-Type, so bodies are read here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from api.answers import FieldError, FieldsError, wrong

MAX_BODY_BYTES = 64 * 1024
MAX_FILES_BYTES = 64 * 1024 * 1024
"""Of all files of one upload by staff."""

MULTIPART = "multipart/form-data"
FILE_TYPES = ("application/pdf", "image/tiff", "image/jpeg", "image/png")
F = TypeVar("F", bound=msgspec.Struct)

REFUSED_CHARACTERS = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Controls, bidirectional overrides, surrogates, tags and the like: in no honest name, and in no password."""

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>.*)`)?\Z", re.DOTALL)
_NAMED = re.compile(r"^(?P<what>Object (?:contains unknown|missing required) field) `(?P<name>.*)`\Z", re.DOTALL)
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")


class WrongMediaTypeError(Exception):
    """A body that does not say it is JSON."""


class NotJsonError(Exception):
    """A body that is not JSON, whatever it says."""


async def read(request: Request[Any, Any, Any], form: type[F]) -> F:
    """Return the body of *request* as *form*.

    Raises:
        WrongMediaTypeError: the Content-Type is not application/json.
        NotJsonError: it cannot be read at all.
        FieldsError: it is JSON, but not of this form.
    """
    return decode(await read_raw(request), form)


async def read_raw(request: Request[Any, Any, Any]) -> bytes:
    """Return the bytes of a body that says it is JSON. Its size is limited by the route."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaTypeError("send the body as application/json")
    return await request.body()


async def read_files(request: Request[Any, Any, Any]) -> list[tuple[str, bytes]]:
    """Return name and content of each file in the body: one as it is, or any number as multipart/form-data.

    Raises:
        WrongMediaTypeError: the body says it is something else.
        FieldsError: there is none, or a field that is no file. The size of all is limited by the route.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in FILE_TYPES:
        files = [("", await request.body())]
    elif media_type == MULTIPART:
        fields = list((await request.form()).multi_items())
        if any(not isinstance(value, UploadFile) for _, value in fields):
            raise wrong("file", "is a field without a file")
        files = [(value.filename, await value.read()) for _, value in fields]
    else:
        raise WrongMediaTypeError("send PDF, TIFF, JPEG or PNG as it is, or files as multipart/form-data")
    if not files or not all(content for _, content in files):
        raise wrong("file", "is missing or empty")
    return files


def decode(raw: bytes, form: type[F]) -> F:
    """Return *raw* as *form*; for errors see `read`."""
    try:
        decoded = msgspec.json.decode(raw, type=form, strict=True)
    except msgspec.ValidationError as error:
        raise FieldsError(_field_error(str(error))) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise NotJsonError("the body is no JSON text in UTF-8") from error
    if bad := [field for field, text in texts(decoded) if REFUSED_CHARACTERS.search(text)]:
        raise FieldsError(*(FieldError(field, "holds a character that is not allowed here") for field in bad))
    return decoded


def texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in *value* with its dotted path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}.{index}" if path else str(index))


def path_text(field: str, value: str) -> str:
    """Return *value* of a path or query if it holds no refused character."""
    if REFUSED_CHARACTERS.search(value):
        raise wrong(field, "holds a character that is not allowed here")
    return value


def _field_error(message: str) -> FieldError:
    """Read msgspec's message; it names types and fields, never a value, but the name of an unknown field is foreign."""
    match = _AT.match(message)
    what, where = (match["what"], match["where"] or "") if match else (message, "")
    where = re.sub(r"\[(\d+)\]", r".\1", where).strip(".")
    if named := _NAMED.match(what):
        name = named["name"] if _PLAIN.match(named["name"]) else "?"
        return FieldError(f"{where}.{name}".strip("."), named["what"].removeprefix("Object "))
    if what.startswith("Invalid"):
        what = "is none of the values allowed here"  # msgspec would repeat what was sent
    return FieldError(where if _PLAIN.match(where) else "body", what.replace("`", ""))
