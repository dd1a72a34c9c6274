"""The agent of a hosting server that does not exist: signs like one, and can be told to misbehave."""

import json
from base64 import b64decode, b64encode
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import Outcome, Report
from agent.placement import Need, Placement, digest, draw, encode
from agent.signing import sign_request
from tests.contract.process import Api


class Signature(httpx.Auth):
    """Signs every request as *host* with *key*."""

    requires_request_body = True

    def __init__(self, host: str, key: Ed25519PrivateKey) -> None:
        self._host, self._key = host, key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign and send."""
        sign_request(request, request.content, self._host, self._key)
        yield request


class PlayedAgent:
    """One enrolled host's agent, played by a test."""

    def __init__(self, api: Api, name: str, key: Ed25519PrivateKey | None = None) -> None:
        self.name = name
        self.key = key or Ed25519PrivateKey.generate()
        self.http = httpx.Client(
            base_url=f"{api.url}/agent/v1",
            auth=Signature(name, self.key),
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    @property
    def public_key(self) -> str:
        """The public half, as it is enrolled."""
        return b64encode(self.key.public_key().public_bytes_raw()).decode()

    def enrol(self, token: str) -> httpx.Response:
        """Introduce the host; this call alone is not signed."""
        body = {"token": token, "host": self.name, "public_key": self.public_key}
        return self.http.post("enrol", json=body, auth=lambda request: request)

    def work(self, placement: Placement, *, wait_s: int = 1) -> httpx.Response:
        """Ask for work once."""
        return self.http.post("work", json={"digest": digest(encode(placement)), "wait_s": wait_s, "capacity": 4})

    def answer_draw(self, task: dict[str, Any], placement: Placement) -> httpx.Response:
        """Draw honestly and tell the result."""
        need = msgspec.convert(task["need"], Need)
        drawn = draw(placement, need, bytes.fromhex(task["seed"]), task["room"], set(task["alive"]))
        return self.http.post(f"draws/{task['draw_id']}", json={"digest": task["digest"], "placement": drawn.placement})


class TakenJob:
    """A job that a played agent holds."""

    def __init__(self, agent: PlayedAgent, task: dict[str, Any]) -> None:
        self.agent = agent
        self.attempt = int(task["attempt"])
        payload = b64decode(task["file"]).partition(b"\n")[2]
        self.job: dict[str, Any] = json.loads(payload)

    @property
    def domains(self) -> set[str]:
        """The domains of the job's account."""
        return {domain["name"] for domain in self.job["account"]["domains"]}

    def renew(self, *, by: PlayedAgent | None = None) -> httpx.Response:
        """Show a sign of life; by another host's agent if told so."""
        body = {"attempt": self.attempt, "epoch": self.job["epoch"], "progress": []}
        return (by or self.agent).http.post(f"jobs/{self.job['job_id']}/lease", json=body)

    def report(self, outcome: Outcome, *, by: PlayedAgent | None = None) -> httpx.Response:
        """Report how it ended; by another host's agent if told so."""
        now = datetime.now(UTC)
        report = Report(
            schema=1,
            job_id=self.job["job_id"],
            attempt=self.attempt,
            epoch=self.job["epoch"],
            host=(by or self.agent).name,
            outcome=outcome,
            changed=7,
            started_at=now,
            finished_at=now,
        )
        headers = {"Content-Type": "application/json"}
        path = f"jobs/{self.job['job_id']}/report"
        return (by or self.agent).http.post(path, content=msgspec.json.encode(report), headers=headers)
