"""A fleet of hosting servers that do not exist, enrolled and approved like real ones."""

import json
import time
from pathlib import Path

import httpx

from agent.jobs import Outcome
from agent.placement import Host, Placement
from tests.contract.played_agent import PlayedAgent, TakenJob
from tests.contract.process import Api


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


def enrolled_fleet(api: Api, *names: str) -> PlayedFleet:
    """Bring a fleet of played hosts into *api*: published, invited, enrolled, approved."""
    publish(api, api.folder, *names)
    played = PlayedFleet(fleet_of(*names), *(PlayedAgent(api, name) for name in names))
    for name, agent in played.agents.items():
        assert agent.enrol(token_for(api, name)).status_code == httpx.codes.ACCEPTED
        assert agent.work(played.placement).status_code == httpx.codes.FORBIDDEN, "nobody has approved it yet"
        api.run("host", "approve", name)
    played.turn()
    return played


def token_for(api: Api, name: str) -> str:
    """Invite a host and return its one-time token."""
    return str(json.loads(api.run("host", "add", name, "--json"))["token"])


def publish(api: Api, folder: Path, *names: str) -> None:
    """Derive the fleet's placement file from an inventory, and approve it."""
    inventory, placement = folder / "hosts.yml", folder / "placement.json"
    inventory.write_text(inventory_of(*names), encoding="utf-8")
    api.run("inventory", "publish", "--inventory", str(inventory), "--out", str(placement), "--approve", "--json")
