"""What MariaDB is told of an account: the rows for mail, and the database's user."""

from __future__ import annotations

import pytest
from ankunft import database, mailrows
from ankunft.credentials import stored_form
from ankunft.job import Account, parse_job

from tests.unit.account.conftest import JobMaker, as_text


def account(job: JobMaker, **changes: object) -> Account:
    return parse_job(as_text(job(**changes))).account


def test_every_address_is_a_mailbox_and_a_login_of_its_own(job: JobMaker) -> None:
    held = account(job)
    rows = mailrows.wanted(held)
    assert rows.domains == {held.technical_name, held.domains[0].name}
    addresses = {f"postmaster@{name}" for name in rows.domains}
    home = f"/srv/mail/{held.name}/postmaster"
    assert rows.mailboxes == {(address, held.uid, home, 1) for address in addresses}
    assert rows.credentials == {(address, "{SHA512-CRYPT}" + held.password_hash) for address in addresses}


def test_a_suspended_account_has_mailboxes_and_no_login(job: JobMaker) -> None:
    rows = mailrows.wanted(account(job, state="suspended"))
    assert {enabled for *_, enabled in rows.mailboxes} == {0}
    assert rows.credentials == frozenset()


def test_an_absent_account_has_no_row(job: JobMaker) -> None:
    assert mailrows.wanted(account(job, state="absent")) == mailrows.Rows()


@pytest.mark.parametrize("state", ["present", "suspended", "absent"])
def test_rows_are_shown_without_a_hash(job: JobMaker, state: str) -> None:
    held = account(job, state=state)
    assert held.password_hash not in mailrows.wanted(held).show()


def test_the_database_s_user_is_local_has_a_password_and_a_measure(job: JobMaker) -> None:
    held = account(job)
    stored = stored_form("secret")
    assert database.definition(held, stored) == (
        f"`{held.name}`@`localhost` IDENTIFIED BY PASSWORD '{stored}' WITH MAX_USER_CONNECTIONS 9"
    )
    assert database.definition(account(job, state="suspended"), stored).endswith(" ACCOUNT LOCK")
