"""The agent of a hosting server that does not exist: signs like one, and can be told to misbehave."""

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.jobs import Outcome, Report
from agent.placement import Host, Need, Placement, digest, draw, encode
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
        self.http = httpx.Client(base_url=f"{api.url}/agent/v1", auth=Signature(name, self.key), trust_env=False)

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


class PlayedFleet:
    """Some played agents under one placement file."""

    def __init__(self, placement: Placement, *agents: PlayedAgent) -> None:
        self.placement = placement
        self.agents = {agent.name: agent for agent in agents}

    def turn(self) -> list[TakenJob]:
        """Let every agent ask for work once and draw; return the jobs that they were given."""
        taken = []
        for agent in self.agents.values():
            answer = agent.work(self.placement, wait_s=1)
            work = answer.json() if answer.status_code == httpx.codes.OK else {"draws": [], "jobs": []}
            for task in work["draws"]:
                agent.answer_draw(task, self.placement)
            taken += [TakenJob(agent, task) for task in work["jobs"]]
        return taken

    def take(self, domain: str, *, timeout_s: float = 20) -> TakenJob:
        """Return the next job for the account that has *domain*; those for others are reported as done."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            for job in self.turn():
                if domain in job.domains:
                    return job
                job.report(Outcome.SUCCEEDED)
        raise AssertionError(f"no job for {domain} within {timeout_s:g} s")

    def stranger_to(self, job: TakenJob) -> PlayedAgent:
        """Return an agent that *job* is not for."""
        return next(agent for agent in self.agents.values() if agent is not job.agent)


def fleet_of(*names: str) -> Placement:
    """Return the placement file of a fleet whose hosts serve everything."""
    hosts = [Host(name, ["database", "mail", "web"], ["standard"], max_accounts=100) for name in names]
    return Placement(1, hosts)


def inventory_of(*names: str) -> str:
    """Return the same fleet as the inventory that sysadmins keep."""
    hosts = "".join(f"    {name}: {{max_accounts: 100, accepts_new_accounts: true, weight: 1.0}}\n" for name in names)
    members = "".join(f"        {name}: {{}}\n" for name in names)
    groups = "".join(f"    {group}:\n      hosts:\n{members}" for group in ("web", "database", "mail", "standard"))
    return f"all:\n  hosts:\n{hosts}  children:\n{groups}"
