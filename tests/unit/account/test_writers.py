"""Each writer of a format refuses or escapes by itself; what it wrote is read back as it was."""

from __future__ import annotations

import configparser
import html
import re
import string
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ankunft import credentials, fastcgi, ownership, startpage, users, web
from ankunft.errors import RefusedError
from ankunft.job import Account, parse_job
from ankunft.sql import grant_pattern, identifier, literal_hash
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.account.conftest import JobMaker, as_text

PASSWORDS = st.text(string.ascii_letters + string.digits, min_size=32, max_size=32)


@pytest.fixture
def account(job: JobMaker) -> Account:
    return parse_job(as_text(job())).account


@given(values=st.lists(st.text(max_size=20) | st.integers(), min_size=1, max_size=9))
def test_a_line_of_passwd_is_read_back_as_it_was_or_refused(values: list[str | int]) -> None:
    try:
        line = users.render("passwd", values).line
    except RefusedError:
        assert any(re.search(r"[^ -~]|:", str(value)) for value in values)
        return
    assert line.split(":") == [str(value) for value in values]
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize("value", ["a\nroot:x:0:0", "a:b", "a\0", "a\r", "ä", "\x1b[2J", "a\u2028b"])
def test_a_line_of_passwd_never_becomes_two_fields_or_lines(value: str) -> None:
    with pytest.raises(RefusedError):
        users.render("passwd", ["a1001", value])


@given(password=PASSWORDS, name=st.from_regex(r"a[1-9][0-9]{3,8}", fullmatch=True))
def test_my_cnf_is_read_back_as_it_was(password: str, name: str) -> None:
    held = _account(name)
    parser = configparser.RawConfigParser()
    parser.read_string(credentials.render(held, password).decode())
    assert dict(parser["client"]) == {"host": "localhost", "user": name, "password": password, "database": name}


def _account(name: str) -> Account:
    fields = dict.fromkeys(Account.__dataclass_fields__)
    return Account(**{**fields, "name": name})  # type: ignore[arg-type] # only the name is looked at


def test_mariadb_s_form_of_a_password_is_its_own() -> None:
    """From MariaDB's documentation of PASSWORD()."""
    assert credentials.stored_form("mariadb") == "*54958E764CE10E50764C2EECBB71D01F08549980"


@pytest.mark.parametrize("name", ["a`; DROP DATABASE mysql; --", "a'b", "a b", "", "a" * 65, "a\n", "ä", "a.b", "a;b"])
def test_an_identifier_that_none_of_our_names_is_is_refused(name: str) -> None:
    with pytest.raises(RefusedError):
        identifier(name)


def test_wildcards_of_a_grant_are_escaped() -> None:
    assert grant_pattern("a1001_shop%") == r"`a1001\_shop\%`"


@pytest.mark.parametrize("text", ["", "*abc", "x' OR '1", "*" + "0" * 39, "*" + "0" * 40 + "'"])
def test_a_stored_password_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        literal_hash(text)


def test_the_limits_are_numbers(account: Account) -> None:
    lines = web.render_limits(account).splitlines()
    assert lines == ["pm.max_children = 4", "php_admin_value[memory_limit] = 256M"]


@given(
    names=st.lists(st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9-]{1,20}){1,3}", fullmatch=True), max_size=5, unique=True),
    placed=st.booleans(),
)
def test_a_marker_is_read_back_as_it_was(names: list[str], placed: bool) -> None:  # noqa: FBT001 -- hypothesis names it
    marker = ownership.Marker("0" * 32, 1_900_001_001, tuple(sorted(names)), placed)
    assert ownership.parse_marker(marker.render(), Path("web")) == marker


@pytest.mark.parametrize("text", [b"", b"{}", b'{"schema": 1}', b"null", b"\0" * 100])
def test_a_torn_marker_decides_nothing(text: bytes) -> None:
    with pytest.raises(RefusedError, match="marker"):
        ownership.parse_marker(text, Path("web"))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += [tag, *(name for name, _ in attrs)]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.de", '"><img src=x onerror=alert(1)>.de', "a&amp;b.de", "' onclick='x.de"]
)
def test_the_start_page_shows_text_and_never_markup(account: Account, name: str) -> None:
    from dataclasses import replace  # noqa: PLC0415 -- a name that no job can carry is forced in

    forced = replace(account, domains=(replace(account.domains[0], name=name),))
    page = startpage.render("<h1>$domain</h1>", forced).decode()
    words = _Words()
    words.feed(page)
    assert words.tags == ["h1"]
    assert words.words == name
    assert html.unescape(page) == f"<h1>{name}</h1>"


def test_the_start_page_we_ship_can_be_filled(account: Account) -> None:
    template = Path("templates/srv/accounts/public/index.html").read_text(encoding="utf-8")
    page = startpage.render(template, account).decode()
    assert account.domains[0].name in page
    assert "$" not in page


@pytest.mark.parametrize("template", ["$customer", "${domain", "$ 5"])
def test_a_template_that_asks_for_more_is_refused(account: Account, template: str) -> None:
    with pytest.raises(RefusedError, match="start page"):
        startpage.render(template, account)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("xn--beispiel-shne-rmb.de", "beispiel-söhne.de"),
        ("xn--strae-oqa.de", "straße.de"),
        ("example.de", "example.de"),
        ("xn--a-ecp.de", "xn--a-ecp.de"),
        ("xn--.de", ".de"),
        ("xn--zzzzzzzzzzzz.de", "xn--zzzzzzzzzzzz.de"),
    ],
)
def test_a_domain_is_shown_as_its_readers_know_it(name: str, shown: str) -> None:
    assert startpage.readable(name) == shown


@given(st.from_regex(r"xn--[a-z0-9-]{1,59}\.de", fullmatch=True))
def test_no_domain_shows_what_is_invisible_or_turns_the_direction(name: str) -> None:
    assert not re.search(
        r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", startpage.readable(name)
    )


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=300), max_size=5))
def test_a_fastcgi_request_carries_its_parameters_whole(values: dict[str, str]) -> None:
    assert _parameters_in(fastcgi.request(values)) == values


def _parameters_in(stream: bytes) -> dict[str, str]:
    body, at = b"", 0
    while at < len(stream):
        kind, length, padding = stream[at + 1], int.from_bytes(stream[at + 4 : at + 6]), stream[at + 6]
        body += stream[at + 8 : at + 8 + length] if kind == 4 else b""
        at += 8 + length + padding
    found, at = {}, 0
    while at < len(body):
        lengths = []
        for _ in range(2):
            wide = body[at] > 127
            lengths.append(int.from_bytes(body[at : at + 4]) & 0x7FFFFFFF if wide else body[at])
            at += 4 if wide else 1
        key, value = body[at : at + lengths[0]], body[at + lengths[0] : at + sum(lengths)]
        found[key.decode()] = value.decode()
        at += sum(lengths)
    return found
