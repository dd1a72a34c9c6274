"""The agents' tree: enrol, ask for work, answer a draw, keep a lease, report. Signed, and a description of its own."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from agent.jobs import HexId, Report
from api import counters, edge
from api.answers import wrong
from api.described import described
from api.equipment import Equipment
from api.identity import Access, NotThereError
from api.keys import job_signing_key
from api.openapi import Json, describe
from api.provisioning import draws, hosts, jobfile, jobs, refusals, reports, signer
from api.provisioning.exchange import (
    Accepted,
    Ask,
    Drawn,
    DrawTask,
    Enrolled,
    Enrolment,
    Itself,
    JobTask,
    Lease,
    Pinned,
    Renewal,
    Work,
)  # fmt: skip

PREFIX = "/agent/"
MAX_BODY_BYTES = 256 * 1024
Req = Request[Any, Any, Any]


def routes(_: Equipment) -> Sequence[ControllerRouterHandler]:
    """Return the whole tree."""
    return (enrol, show_self, ask_for_work, answer_draw, renew_lease, take_report, agent_description)


@get("/agent/openapi.json", **described(Access.ANYONE, {200: dict[str, Any]}))
async def agent_description(request: Req) -> Json:
    """Show this description."""
    return describe("Ankunft, agents", request.app.routes, prefix=f"{PREFIX}v1/")  # type: ignore[arg-type]  # all routes are HTTP


@post("/agent/v1/enrol", **described(Access.ANYONE, {202: Enrolled}, body=Enrolment, problems=(403,)))
async def enrol(request: Req) -> Enrolled:
    """Introduce a host with its one-time token; staff approve it afterwards."""
    asked = await edge.read(request, Enrolment)
    try:
        return Enrolled(**await hosts.enrol(asked.host, asked.token, asked.public_key))
    except hosts.EnrolmentRefusedError:
        await refusals.note("ENROLMENT_REFUSED", asked.host, is_proven=False)
        raise


@get("/agent/v1/self", **described(Access.AGENT, {200: Itself}))
async def show_self(request: Req) -> Itself:
    """Tell how far the enrolment is."""
    found = await signer.enrolled(request)
    return Itself(found.name, found.state, await counters.epoch(), datetime.now(UTC))


@post("/agent/v1/work", **described(Access.AGENT, {200: Work, 204: None}, body=Ask, problems=(403,)))
async def ask_for_work(request: Req) -> Response[Any]:
    """Wait for draws and for jobs pinned to this host; 204 when there was nothing."""
    state = request.app.state
    async with state.door:
        host = await signer.approved(request)
        ask = await edge.read(request, Ask)
        await hosts.seen(host.name, ask.digest)
    end = time.monotonic() + min(ask.wait_s, state.equipment.settings.leases.long_poll_s)
    closing: asyncio.Event = state.equipment.closing
    draws_too = bool(ask.digest) and host.state == hosts.APPROVED
    with state.bell.waiting(host.name, draws=draws_too, works=ask.capacity > 0) as waiter:
        while True:
            async with state.door:
                work = await _look(state.equipment, host, ask)
            if work.draws or work.jobs:
                return Response(work, status_code=200)
            left = end - time.monotonic()
            if left <= 0 or closing.is_set() or not await waiter.wait(left) or closing.is_set():
                return Response(None, status_code=204)
            if await _is_gone(request):
                return Response(None, status_code=204)


async def _is_gone(request: Req) -> bool:
    """Tell whether the client has hung up, so that no work is handed to nobody."""
    try:
        async with asyncio.timeout(0):
            message = await request.receive()
    except TimeoutError:
        return False
    return bool(message["type"] == "http.disconnect")


@post(
    "/agent/v1/draws/{draw_id:str}",
    **described(Access.AGENT, {200: Pinned}, body=Drawn, problems=(403, 409)),
)
async def answer_draw(request: Req) -> Pinned:
    """Tell who was drawn; the API draws again and pins what both find."""
    host = await signer.approved(request)
    drawn = await edge.read(request, Drawn)
    draw_id = _id(request, "draw_id")
    try:
        return Pinned(await draws.answer(draw_id, host.name, drawn.digest, drawn.placement))
    except draws.DrawRefusedError as error:
        await refusals.note(
            "ANSWER_REFUSED", host.name, subject="draw", subject_id=draw_id, facts={"reason": str(error)}
        )
        raise


@post(
    "/agent/v1/jobs/{job_id:str}/lease",
    **described(Access.AGENT, {200: Lease}, body=Renewal, problems=(403, 409)),
)
async def renew_lease(request: Req) -> Lease:
    """Keep a job and tell what its playbook did since."""
    host = await signer.approved(request)
    renewal = await edge.read(request, Renewal)
    lease_s = _equipment(request).settings.leases.lease_s
    job_id = _id(request, "job_id")
    try:
        await jobs.renew(job_id, host.name, (renewal.epoch, renewal.attempt), renewal.progress, lease_s)
    except (jobs.StaleError, jobs.NoJobError) as error:
        await _note(error, "LEASE_REFUSED", host.name, job_id)
        raise
    return Lease(lease_s)


@post(
    "/agent/v1/jobs/{job_id:str}/report",
    request_max_body_size=MAX_BODY_BYTES,
    **described(Access.AGENT, {200: Accepted}, body=Report, problems=(403, 409)),
)
async def take_report(request: Req) -> Accepted:
    """Take how an attempt ended; the same report again is taken again."""
    host = await signer.approved(request)
    told = _report(await edge.read_raw(request))
    job_id = _id(request, "job_id")
    try:
        await reports.take(job_id, host.name, told)
    except (jobs.StaleError, jobs.NoJobError) as error:
        await _note(error, "REPORT_REFUSED", host.name, job_id)
        raise
    return Accepted()


def _report(body: bytes) -> Report:
    """Return the report in *body*; its log has lines, which other texts from outside have not."""
    try:
        return msgspec.json.decode(body, type=Report)
    except msgspec.MsgspecError:
        raise wrong("body", "is no report of schema 1") from None


async def _look(equipment: Equipment, host: signer.Signer, ask: Ask) -> Work:
    settings = equipment.settings
    offered = await draws.offer(host.name, ask.digest) if ask.digest and host.state == hosts.APPROVED else []
    lease_s = settings.leases.lease_s
    key = _key(settings.keys.job_signing)
    write = partial(jobfile.write, host=host.name, zone=settings.hosting.zone, key=key)
    claimed = await jobs.claim(host.name, ask.capacity, lease_s, write) if ask.capacity else []
    return Work(
        [DrawTask(**task) for task in offered],
        [JobTask(row["id"], row["attempt"], b64encode(file).decode(), lease_s) for row, file in claimed],
    )


@cache
def _key(path: Path) -> Ed25519PrivateKey:
    return job_signing_key(path)


async def _note(error: Exception, event: str, host: str, job_id: str) -> None:
    await refusals.note(event, host, subject="job", subject_id=job_id, facts={"reason": str(error)})


def _id(request: Req, name: str) -> str:
    text = str(request.path_params[name])
    try:
        return msgspec.convert(text, HexId)
    except msgspec.ValidationError:
        raise NotThereError("there is nothing here") from None


def _equipment(request: Req) -> Equipment:
    equipment: Equipment = request.app.state.equipment
    return equipment
