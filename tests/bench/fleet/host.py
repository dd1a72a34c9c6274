"""A host of the fleet: draws, takes its jobs and reports them done at once; each request is signed as an agent does."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import Outcome, Report
from agent.placement import Need, Placement, digest, draw, encode
from agent.signing import sign_request
from tests.bench.fleet.wire import Wire

WAIT_S = 20
JOBS_AT_ONCE = 8


class Host:
    """One played host."""

    def __init__(self, name: str, port: int, key: Ed25519PrivateKey, placement: Placement) -> None:
        self.name = name
        self.reported = 0
        self._base = f"http://127.0.0.1:{port}/agent/v1"
        self._key, self._placement = key, placement
        self._digest = digest(encode(placement))
        self._wire = Wire(port)

    async def live(self) -> None:
        """Ask, draw, work and report until cancelled."""
        try:
            while True:
                ask = {"digest": self._digest, "wait_s": WAIT_S, "capacity": JOBS_AT_ONCE}
                status, body = await self._send("work", json.dumps(ask).encode())
                if status == httpx.codes.OK:
                    await self._do(json.loads(body))
        finally:
            self._wire.close()

    async def _do(self, work: dict[str, list[dict[str, str]]]) -> None:
        for task in work["draws"]:
            need = msgspec.convert(task["need"], Need)
            alive = set(task["alive"])
            drawn = draw(self._placement, need, bytes.fromhex(task["seed"]), task["room"], alive)  # type: ignore[arg-type]  # as it came
            said = {"digest": task["digest"], "placement": drawn.placement}
            await self._send(f"draws/{task['draw_id']}", json.dumps(said).encode())
        for task in work["jobs"]:
            job = json.loads(b64decode(task["file"]).partition(b"\n")[2])
            now = datetime.now(UTC)
            report = Report(
                schema=1, job_id=job["job_id"], attempt=job["attempt"], epoch=job["epoch"], host=self.name,
                outcome=Outcome.SUCCEEDED, changed=7, started_at=now, finished_at=now,
            )  # fmt: skip
            status, _ = await self._send(f"jobs/{job['job_id']}/report", msgspec.json.encode(report))
            assert status == httpx.codes.OK, status
            self.reported += 1

    async def _send(self, path: str, content: bytes) -> tuple[int, bytes]:
        url = f"{self._base}/{path}"
        request = httpx.Request("POST", url, content=content, headers={"Content-Type": "application/json"})
        sign_request(request, content, self.name, self._key)
        return await self._wire.post(f"/agent/v1/{path}", request.headers, content)
