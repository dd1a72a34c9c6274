"""Try what the customer was given, on the server itself, with the doors that he uses.

Nothing is left behind and nothing depends on what he uploaded. The job holds only his password's hash, so mail is
tried by RCPT and user look-up; the database is opened with the password of his .my.cnf. A finding names the thing
and the repair.
"""

from __future__ import annotations

import http.client
import secrets
import smtplib
from pathlib import Path

from . import credentials, fastcgi
from .dovecot import look_up
from .errors import RefusedError, UnavailableError
from .host import Host
from .job import Account
from .processes import running
from .sql import connect, rows

_LOOPBACK = "127.0.0.1"
_ANSWER_S = 30
_OK, _LOCKED, _NOWHERE = 200, 503, 404
_TAKEN = 250
_LONGEST_FACT = 200
WHOSE = "/.well-known/ankunft-account"


def verify(account: Account, host: Host) -> dict[str, str]:
    """Try each service of the account as its state promises; return facts for the report.

    Raises:
        RefusedError: something is not as promised.
        UnavailableError: a daemon of the server does not answer.
    """
    facts: dict[str, str] = {}
    if "web" in account.services:
        facts |= _verify_web(account, host)
    if "database" in account.services:
        facts |= _verify_database(account, host)
    if "mail" in account.services:
        facts |= _verify_mail(account, host)
    return facts


def _verify_web(account: Account, host: Host) -> dict[str, str]:
    expected = {"present": (_OK, account.name), "suspended": (_LOCKED, ""), "absent": (_NOWHERE, "")}[account.state]
    for name in account.web_names:
        status, holder = _whose(name)
        if account.state == "absent" and status == _OK and holder != account.name:
            continue
        if (status, holder) != expected:
            raise RefusedError(
                f"http://{name}/ answers {status} for {holder or 'no account'} where {expected[0]} was expected; "
                f"compare {host.vhosts / name} with {host.accounts / account.name}, and look at nginx's error log"
            )
    if account.state == "present":
        _verify_php(account, host)
    return {} if account.state == "absent" else {"php_version": _php_version(host)}


def _whose(name: str) -> tuple[int, str]:
    """Ask nginx which account it serves under *name*; every name goes through the server's one door."""
    connection = http.client.HTTPConnection(_LOOPBACK, 80, timeout=_ANSWER_S)
    try:
        connection.request("GET", WHOSE, headers={"Host": name})
        response = connection.getresponse()
        text = response.read(1024).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"nginx gives no answer for {name}: {error}; look at nginx.service") from None
    finally:
        connection.close()
    return response.status, text if response.status == _OK else ""


def _verify_php(account: Account, host: Host) -> None:
    """Have PHP answer as the account. It is asked for a script that does not exist, so none of the customer's runs."""
    missing = "/.ankunft-verify.php"
    fastcgi.ask(
        host.below("run/ankunft-waker/waker.sock"),
        {
            "ANKUNFT_ACCOUNT": account.name,
            "ANKUNFT_CONNECT_TIME": "-",
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": missing,
            "SCRIPT_FILENAME": f"{host.accounts / account.name}/public{missing}",
            "REQUEST_URI": missing,
            "SERVER_PROTOCOL": "HTTP/1.1",
        },
    )
    if not any(_is_php(process) for process in running(account.uid)):
        raise RefusedError(f"PHP answered for {account.name}, but not as its user; look at php-account@{account.name}")


def _is_php(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/comm").read_text().startswith("php-fpm")
    except OSError:
        return False


def _php_version(host: Host) -> str:
    found = sorted(path.name.removeprefix("php-fpm") for path in host.below("usr/sbin").glob("php-fpm[0-9]*"))
    return found[-1] if found else "unknown"


def _verify_database(account: Account, host: Host) -> dict[str, str]:
    password = credentials.password_of(host, account)
    if account.state == "absent":
        return {}
    if password is None:
        raise RefusedError(
            f"{credentials.path(host, account)} holds no usable password; remove it and run the job again"
        )
    try:
        with connect(host.database_socket, user=account.name, password=password, database=account.name) as connection:
            rows(connection, "SELECT 1")
    except RefusedError as error:
        if account.state == "suspended":
            return {"database_host": "localhost"}
        raise RefusedError(f"the database {account.name} cannot be opened with its .my.cnf: {error}") from None
    if account.state == "suspended":
        raise RefusedError(f"the database {account.name} opens although the account is suspended; run the job again")
    return {"database_host": "localhost"}


def _verify_mail(account: Account, host: Host) -> dict[str, str]:
    auth = host.below("run/dovecot/auth-userdb")
    others = set()
    for address in account.mail_addresses:
        found = look_up(auth, address)
        known = found is not None and found.get("uid") == str(account.uid)
        if account.state == "present" and not known:
            raise RefusedError(
                f"Dovecot does not know {address} as uid {account.uid}; look at the rows of {account.name}"
            )
        if account.state == "absent" and known:
            raise RefusedError(f"Dovecot still knows {address}; look at the mail rows of {account.name}")
        if found is not None and not known:
            others.add(address)
    if account.state != "suspended":
        _verify_recipients(account, sorted(set(account.mail_addresses) - others))
    return {} if account.state == "absent" else _signing_key(host)


def _signing_key(host: Host) -> dict[str, str]:
    """Return the public half of what the server signs mail with, for DNS: a fact is short, so in pieces."""
    try:
        selector, public = host.below("etc/dkimkeys/ankunft.txt").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return {}
    pieces = [public[start : start + _LONGEST_FACT] for start in range(0, len(public), _LONGEST_FACT)]
    return {"dkim_selector": selector} | {f"dkim_key_{number}": piece for number, piece in enumerate(pieces, 1)}


def _verify_recipients(account: Account, addresses: list[str]) -> None:
    """Have the mail server take each of *addresses*, none if the account is gone (RCPT, RSET): nothing is sent.

    The sender is a new one each time: Postfix remembers what it answered to a sender about a recipient for as long
    as its process lives (smtpd_resolve), and would repeat what was true before the job.
    """
    try:
        with smtplib.SMTP(_LOOPBACK, 25, local_hostname="localhost", timeout=_ANSWER_S) as session:
            session.ehlo_or_helo_if_needed()
            for address in addresses:
                session.mail(f"{secrets.token_hex(8)}@verify.invalid")
                code, words = session.rcpt(address)
                session.rset()
                if (code == _TAKEN) != (account.state == "present"):
                    said = words.decode(errors="replace")[:100]
                    raise RefusedError(
                        f"mail for {address} is answered {code} ({said}) although the account is {account.state}; "
                        f"look at the rows of {account.name} in ankunft_mail"
                    )
    except (OSError, smtplib.SMTPException) as error:
        raise UnavailableError(f"the mail server gives no answer at port 25: {error}; look at postfix") from None
