"""What an account's PHP sends goes out under the account's own address, to whom its headers name."""

from __future__ import annotations

import email
import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[3] / "playbooks/roles/mail_server/files/ankunft_post.py"
SENDER = "postmaster@a1001.hosting.example"


@pytest.fixture(scope="module")
def post() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ankunft_post", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_recipients_are_those_of_all_three_headers_each_once(post: ModuleType) -> None:
    data = b'To: A <a@x.example>, b@x.example\nCc: a@x.example\nBcc: "C, D" <c@x.example>\n\nhello\n'
    recipients, sent = post.prepare(data, SENDER)
    assert recipients == ["a@x.example", "b@x.example", "c@x.example"]
    assert b"c@x.example" not in sent


def test_what_a_script_left_out_is_added_and_what_it_wrote_stays(post: ModuleType) -> None:
    _, bare = post.prepare(b"To: a@x.example\nSubject: =?utf-8?q?M=C3=BCller?=\n\nhello\n", SENDER)
    message = email.message_from_bytes(bare)
    assert message["From"] == SENDER
    assert message["Date"]
    assert message["Message-ID"].endswith("@a1001.hosting.example>")
    assert message["Subject"] == "=?utf-8?q?M=C3=BCller?="
    _, full = post.prepare(b"To: a@x.example\nFrom: shop@customer.example\nMessage-ID: <1@x>\n\nhello\n", SENDER)
    assert email.message_from_bytes(full)["From"] == "shop@customer.example"
    assert email.message_from_bytes(full)["Message-ID"] == "<1@x>"


def test_every_line_ends_as_smtp_wants_it(post: ModuleType) -> None:
    _, sent = post.prepare(b"To: a@x.example\n\nfirst\n.\r\nsecond\n\x00\xff\n", SENDER)
    assert sent.count(b"\n") == sent.count(b"\r\n")
    assert b"\xff" in sent


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\nhello", b"To: \n\nhello", b"To: nobody\n\nhello"],
)
def test_a_message_for_nobody_is_refused(post: ModuleType, data: bytes) -> None:
    with pytest.raises(post.RefusedError, match="recipients"):
        post.prepare(data, SENDER)


def test_a_message_for_everybody_is_refused(post: ModuleType) -> None:
    crowd = ", ".join(f"p{number}@x.example" for number in range(post.MOST_RECIPIENTS + 1))
    with pytest.raises(post.RefusedError, match="recipients"):
        post.prepare(f"To: {crowd}\n\nhello".encode(), SENDER)


def test_a_message_that_is_too_long_is_refused(post: ModuleType) -> None:
    with pytest.raises(post.RefusedError, match="at most"):
        post.prepare(bytes(post.LONGEST_MESSAGE + 1), SENDER)


@pytest.mark.parametrize("uid", [0, os.getuid(), 33, 65534, 1_900_000_000, 1_999_999_999])
def test_who_is_no_account_sends_nothing(post: ModuleType, uid: int) -> None:
    with pytest.raises(post.RefusedError, match="only accounts"):
        post.account_of(uid)
