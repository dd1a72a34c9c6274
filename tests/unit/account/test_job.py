"""The job is read strictly: what is not exactly a job is refused, by its field and without its value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ankunft import job as library
from ankunft.errors import RefusedError
from ankunft.job import parse_job
from hypothesis import given
from hypothesis import strategies as st

from agent.jobs import UID_OFFSET, Job
from tests.unit.account.conftest import JobMaker, as_text

#: One or more of each of the ten families of hostile text.
HOSTILE = [
    "{{ lookup('pipe', 'touch /tmp/owned') }}",
    "{% for x in y %}",
    "$(touch /tmp/owned)",
    "`id`;reboot",
    "--checkpoint-action=exec=sh",
    "a1234\nroot:x:0:0::/:/bin/sh",
    "a1234\r\nX-Evil: 1",
    "a1234:x:0:0",
    "a1234; } server { listen 81;",
    "a1234' OR '1'='1",
    "a1234`.* TO root@localhost; -- ",
    "../../etc/passwd",
    "a1234/../a1235",
    "/etc/passwd",
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A1",
    "\x1b[2J",
    "straße.de",
    "exam\u202eple.de",
    "\u0440\u0430\u0443\u0440\u0430l.de",
    "a1234\x00",
    "a" * 300,
    "",
    " a1234",
    "a1234\n",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
]


def test_a_good_job_is_read(job: JobMaker) -> None:
    read = parse_job(as_text(job()))
    account = job()["account"]
    assert (read.host, read.account.name, read.account.uid) == ("web1", account["name"], account["uid"])
    domain, technical = account["domains"][0]["name"], account["technical_name"]
    assert read.account.web_names == sorted([domain, f"www.{domain}", technical])
    assert read.account.mail_addresses == sorted([f"postmaster@{technical}", f"postmaster@{domain}"])


def test_mail_stays_off_for_a_domain_that_is_not_confirmed(job: JobMaker) -> None:
    read = parse_job(as_text(job(domains=[{"name": "not-yet.example", "mail": False}])))
    assert read.account.mail_domains == [read.account.technical_name]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["id", "name", "technical_name", "password_hash", "state"])
def test_hostile_text_in_a_field_is_refused_without_being_repeated(job: JobMaker, field: str, text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_job(as_text(job(**{field: text})))
    assert field in str(refused.value)
    assert not text.strip() or text not in str(refused.value)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_as_a_domain_is_refused(job: JobMaker, text: str) -> None:
    with pytest.raises(RefusedError, match="name"):
        parse_job(as_text(job(domains=[{"name": text, "mail": True}])))


@pytest.mark.parametrize(
    "domain",
    ["localhost", "-a.de", "a-.de", "a..de", ".de", "a.de.", "1.0.0.1", "A.de", "a_b.de", "*.de", "a" * 64 + ".de"],
)
def test_what_is_no_domain_is_refused(job: JobMaker, domain: str) -> None:
    with pytest.raises(RefusedError, match="name"):
        parse_job(as_text(job(domains=[{"name": domain, "mail": True}])))


@pytest.mark.parametrize("value", [None, 1.0, "1900001001", True, [], {}, -1, 0, 65534, 2**31, 2**63])
def test_a_uid_of_another_kind_or_range_is_refused(job: JobMaker, value: object) -> None:
    with pytest.raises(RefusedError, match="uid"):
        parse_job(as_text(job(uid=value)))


def test_name_and_uid_belong_together(job: JobMaker) -> None:
    with pytest.raises(RefusedError, match="uid is not the one that belongs to name"):
        parse_job(as_text(job(uid=1_900_001_001)))


@pytest.mark.parametrize("services", [[], ["web", "web"], ["web", "root"], "web", [1], [["web"]]])
def test_services_are_a_set_of_those_that_exist(job: JobMaker, services: object) -> None:
    with pytest.raises(RefusedError, match="service"):
        parse_job(as_text(job(services=services)))


@pytest.mark.parametrize("limit", ["web_space_mib", "mailboxes", "databases", "php_memory_mib", "php_processes"])
@pytest.mark.parametrize("value", [-1, "1", 1.5, True, None, 10**9])
def test_a_limit_out_of_measure_is_refused(job: JobMaker, limit: str, value: object) -> None:
    with pytest.raises(RefusedError, match=limit):
        parse_job(as_text(job(limits=job()["account"]["limits"] | {limit: value})))


def test_a_missing_and_an_unknown_field_are_refused(job: JobMaker) -> None:
    fields = job()
    del fields["account"]["state"]
    with pytest.raises(RefusedError, match="state is missing"):
        parse_job(as_text(fields))
    with pytest.raises(RefusedError, match=r"unknown field"):
        parse_job(as_text(job(is_admin=True)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "larger"),
        (b"[" * 50_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"schema": 1, "schema": 1}', "twice"),
        (b'{"schema": NaN}', "not JSON"),
        (b'{"schema": 2}', "schema"),
        (b'{"schema": true}', "schema"),
        (b" " * 70_000, "larger"),
        (b"ankunft-job-v1 AAAA\n{}", "payload alone"),
    ],
)
def test_what_is_no_job_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        parse_job(text)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_do_more_than_be_refused(text: bytes) -> None:
    with pytest.raises(RefusedError):
        parse_job(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=10,
    ),
    st.sampled_from(["id", "name", "uid", "state", "services", "domains", "password_hash", "limits"]),
)
def test_no_value_in_a_field_does_more_than_be_refused(value: Any, field: str) -> None:
    number = 200_000_000
    fields: dict[str, Any] = {"id": "0" * 32, "name": f"a{number}", "uid": UID_OFFSET + number, "state": "present", "services": ["web"], "technical_name": "a.example", "domains": [], "password_hash": "$6$s$" + "x" * 86, "limits": {"web_space_mib": 1, "mailboxes": 1, "databases": 1, "php_memory_mib": 16, "php_processes": 1}}  # fmt: skip # noqa: E501
    whole = {"schema": 1, "job_id": "0" * 32, "attempt": 1, "epoch": 1, "host": "web1", "issued_at": "2026-11-24T08:00:00Z", "not_after": "2026-11-24T08:00:00Z", "account": fields | {field: value}}  # fmt: skip # noqa: E501
    try:
        parse_job(json.dumps(whole).encode())
    except RefusedError:
        return
    assert value in (fields[field], []) or field in {"id", "name", "state", "services"}


def test_the_library_and_the_spool_s_contract_say_the_same(job: JobMaker) -> None:
    """A server over SSH has no msgspec, so the shape stands in two places; they must not drift apart."""
    import msgspec  # noqa: PLC0415 -- only this test may know the other side

    both = msgspec.json.decode(as_text(job()), type=Job)
    encoded = msgspec.json.encode(both)
    assert parse_job(encoded).account.name == both.account.name
    assert (library.UID_OFFSET, library.SERVICES) == (UID_OFFSET, ("web", "database", "mail"))
    assert set(msgspec.json.decode(encoded)["account"]) == {*library.Account.__dataclass_fields__}
