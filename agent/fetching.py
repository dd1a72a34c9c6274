"""The courier's way in: asks for work, draws, puts jobs into the spool."""

from __future__ import annotations

import logging

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent import inventory, notify
from agent.client import Api, ApiRefusedError, DrawTask, JobTask
from agent.jobs import JobRefusedError, open_signed
from agent.leases import Leases
from agent.placement import draw
from agent.settings import Settings
from agent.spool import Attempt, Spool

log = logging.getLogger(__name__)

FULL_WAIT_S = 2
"""How long to wait for draws while no job can be taken; a place may become free at any moment."""


class Fetching:
    """The work that the API has for this server."""

    def __init__(self, settings: Settings, job_key: Ed25519PublicKey, spool: Spool, leases: Leases, api: Api) -> None:
        self._settings = settings
        self._job_key = job_key
        self._spool = spool
        self._leases = leases
        self._api = api
        self._told = ""

    async def turn(self) -> None:
        """Ask once for work, wait for it, and see to all that came."""
        published = self._published()
        free = max(0, self._settings.capacity - len(self._leases.held))
        wait_s = self._settings.wait_s if free else FULL_WAIT_S
        notify.tell(f"STATUS=waiting for work, {len(self._leases.held)} jobs held")
        work = await self._api.work(published.digest if published else None, wait_s, free)
        for job in work.jobs:
            self._accept(job)
        for task in work.draws:
            await self._draw(task, published)

    def _published(self) -> inventory.Published | None:
        """Return what to draw from; tell once why there is nothing."""
        try:
            published = inventory.read(self._settings.placement_file)
        except inventory.NotPublishedError as error:
            if str(error) != self._told:
                self._told = str(error)
                log.warning("%s", error)
            return None
        self._told = ""
        return published

    def _accept(self, task: JobTask) -> None:
        """Put a job into the spool and hold its lease; what cannot be put there is simply not held."""
        try:
            job, _ = open_signed(task.file, self._job_key)
        except JobRefusedError as error:
            log.error(  # noqa: TRY400
                "job %s cannot be taken: %s; compare %s with `ankunft keys show`",
                task.job_id, error, self._settings.job_public_key_file,
            )  # fmt: skip
            return
        attempt = Attempt(job.job_id, job.epoch, job.attempt)
        if attempt in self._leases.held:
            return
        try:
            self._leases.hold(attempt, task.lease_s)
            self._spool.hand_in(attempt, task.file)
        except OSError as error:
            self._leases.drop(attempt)
            log.error("job %s cannot be put into %s: %s", job.job_id, self._spool.root, error.strerror)  # noqa: TRY400
            return
        log.info("job %s, attempt %d.%d, is in the spool", job.job_id, job.epoch, job.attempt)

    async def _draw(self, task: DrawTask, published: inventory.Published | None) -> None:
        if published is None or task.digest != published.digest:
            log.warning("draw %s is for another placement file than the one here", task.draw_id)
            return
        result = draw(published.placement, task.need, bytes.fromhex(task.seed), task.room, frozenset(task.alive))
        try:
            await self._api.answer_draw(task.draw_id, published.digest, result.placement)
        except ApiRefusedError as error:
            log.warning("draw %s was not accepted: %s", task.draw_id, error)
            return
        log.info("draw %s: %s", task.draw_id, result.placement or "nobody is eligible")
