"""Only what is strictly of its form comes in; what was sent is never repeated."""

import json
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.answers import FieldsError
from api.edge import MAX_BODY_BYTES, REFUSED_CHARACTERS, NotJsonError, decode


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a form."""

    text: str


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    """A form."""

    number: int
    choice: Literal["a", "b"]
    inner: list[Inner]


GOOD = {"number": 1, "choice": "a", "inner": [{"text": "x"}]}


def sent(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (sent(number="1"), "number"),
        (sent(number=1.0), "number"),
        (sent(number=True), "number"),
        (sent(number=None), "number"),
        (sent(choice="geheim"), "choice"),
        (sent(inner={}), "inner"),
        (sent(inner=[{"text": "x"}, {"text": 7}]), "inner.1.text"),
        (sent(inner=[{"text": "x\x00"}]), "inner.0.text"),
        (sent(inner=[{"text": "x\u202ey"}]), "inner.0.text"),
        (sent(inner=[{}]), "inner.0.text"),
        (sent(inner=[{"text": "x", "is_admin": True}]), "inner.0.is_admin"),
        (sent(inner=[{"text": "x", "geheim\u001b[31m": True}]), "inner.0.?"),
        (b"[]", "body"),
        (b"null", "body"),
    ],
)
def test_the_field_is_named_and_nothing_is_repeated(raw: bytes, field: str) -> None:
    with pytest.raises(FieldsError) as caught:
        decode(raw, Outer)
    (error,) = caught.value.errors
    assert error.field == field
    assert "geheim" not in error.message


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b'{"number": NaN}', b'{"inner": [{"text": "\\ud800"}]}', b"[" * 60_000, b"{}{}"]
)
def test_what_is_no_json_is_no_body(raw: bytes) -> None:
    with pytest.raises((NotJsonError, FieldsError)):
        decode(raw, Outer)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_it_fail_otherwise(raw: bytes) -> None:
    with pytest.raises((NotJsonError, FieldsError)):
        decode(raw, Outer)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_a_text_comes_in_to_the_letter_or_not_at_all(text: str) -> None:
    raw = sent(inner=[{"text": text}])
    if REFUSED_CHARACTERS.search(text):
        with pytest.raises(FieldsError):
            decode(raw, Outer)
    else:
        assert decode(raw, Outer).inner[0].text == text


def test_honest_names_hold_no_refused_character() -> None:
    for name in ("O'Brien", "Müller & Söhne", "Nguyễn", "{Klammer}", "100% Bio GmbH", "=3+4 GmbH", "محمد", "חיים"):
        assert not REFUSED_CHARACTERS.search(name)


def test_a_body_holds_64_kib() -> None:
    assert MAX_BODY_BYTES == 65_536
