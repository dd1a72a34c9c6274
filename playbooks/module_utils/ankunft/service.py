"""The one entry to the library for Ansible's side: a service, a job's text, and what came of it."""

from __future__ import annotations

from typing import Any

from . import database, mail, mailrows, verify, web
from .change import Change, perform, result
from .errors import RefusedError, UnavailableError
from .host import Host
from .job import Account, Job, parse_job
from .sql import connect

VERIFY = "verify"
_LONGEST_MESSAGE = 500


def act(service: str, job_text: bytes, *, host_name: str, check: bool, start_page: str = "") -> dict[str, Any]:
    """Bring one *service* of the job's account into its state, or `verify` all; return the task's result.

    A failure has `failed` and a `msg`; `could_not_try` tells whether a repetition may help. What the job has not
    ordered is `skipped`.
    """
    try:
        job = parse_job(job_text)
        _refuse_other_host(job, host_name)
        if service == VERIFY:
            return _verified(job.account, check=check)
        if service not in job.account.services:
            return {"skipped": True, "changed": False, "skip_reason": f"the job has no {service}"}
        return result(_changes(service, job.account, Host.read(), start_page, check=check))
    except RefusedError as error:
        return failure(str(error), could_not_try=False)
    except UnavailableError as error:
        return failure(str(error), could_not_try=True)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return failure(f"{place}{error.strerror or error}", could_not_try=True)


def failure(message: str, *, could_not_try: bool) -> dict[str, Any]:
    """Return a failed task's result; *could_not_try* tells that a repetition may help."""
    return {"failed": True, "changed": False, "msg": message[:_LONGEST_MESSAGE], "could_not_try": could_not_try}


def _refuse_other_host(job: Job, host_name: str) -> None:
    if job.host != host_name:
        raise RefusedError(f"the job is for the host {job.host}, not for {host_name}: limit the run with -l {job.host}")


def _changes(service: str, account: Account, host: Host, start_page: str, *, check: bool) -> list[Change]:
    if service == "web":
        return perform(web.desired(account, host, start_page), check=check)
    if service == "database":
        with connect(host.database_socket) as connection:
            return perform(database.desired(account, host, connection), check=check)
    with connect(host.database_socket, database=mailrows.DATABASE) as connection:
        return perform(mail.desired(account, host, connection), check=check)


def _verified(account: Account, *, check: bool) -> dict[str, Any]:
    if check:
        return {"skipped": True, "changed": False, "skip_reason": "there is nothing to try in check mode"}
    facts = verify.verify(account, Host.read())
    return {
        "changed": False,
        "tried": True,
        "facts": facts,
        "ansible_stats": {"data": facts, "per_host": False, "aggregate": True},
    }
