"""Courier and runner together, as on a server: the courier as a user without rights, the spool as the role makes it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from agent.jobs import Outcome
from agent.placement import Host, Placement, encode
from agent.spool import JOB, Attempt
from tests.journey.agent.order_api import OrderApi, serving
from tests.journey.agent.process import ROOT, eventually, running
from tests.journey.agent.site_job import job_task
from tests.unit.agent.site_folder import Site, make_site

COURIER = 12_345
SPOOL = "/var/spool/ankunft"


@pytest.fixture
def shared_site() -> Iterator[Site]:
    """Make a server whose folders belong to whom the agent's role gives them."""
    root = Path(tempfile.mkdtemp(prefix="ankunft-agent-"))
    try:
        root.chmod(0o711)
        site = make_site(root)
        as_the_role_does(site)
        (root / "courier").mkdir()
        os.chown(root / "courier", COURIER, COURIER)
        site.set(key_file=str(root / "courier" / "agent.key"))
        for name in ("project", "state", "run", "effects"):
            (root / name).chmod(0o700)
        yield site
    finally:
        shutil.rmtree(root)


def as_the_role_does(site: Site) -> None:
    variables = yaml.safe_load((ROOT / "playbooks/roles/agent/vars/main.yml").read_text())
    for folder in variables["__agent_folders"]:
        if folder["path"].startswith(SPOOL):
            path = Path(folder["path"].replace(SPOOL, str(site.settings.spool_dir)))
            is_owned, is_shared = "owner" in folder, "group" in folder
            os.chown(path, COURIER if is_owned else 0, COURIER if is_shared else 0)
            path.chmod(int(folder["mode"], 8))


def test_a_job_goes_all_the_way_between_two_users(shared_site: Site) -> None:
    site, api = shared_site, OrderApi(state="APPROVED")
    placement = encode(Placement(1, [Host("web1", ["database", "mail", "web"], ["standard"], 5)]))
    site.settings.placement_file.write_bytes(placement)
    site.settings.placement_file.chmod(0o644)
    (site.root / "token").write_text(api.token)
    jobs = [site.job(number=number) for number in (1001, 1002, 1003)]
    api.work += [job_task(site, job) for job in jobs]
    with serving(api):
        site.set(api_url=api.url)
        site.config.chmod(0o644)
        with (
            running("runner", site.config, site.root / "runner.log"),
            running("courier", site.config, site.root / "courier.log", user=COURIER) as courier,
        ):
            eventually(lambda: len(api.reports) == len(jobs), within_s=60)
            eventually(lambda: not list(site.spool.tmp.iterdir()))
            assert "Permission" not in courier.said()
    assert {report["outcome"] for report in api.reports} == {Outcome.SUCCEEDED}
    assert {report["job_id"] for report in api.reports} == {job.job_id for job in jobs}
    told = {step["task"] for lease in api.leases for step in lease[2]["progress"]}
    assert "Write the account" in told
    kept = {path.name for path in site.spool.done.iterdir()}
    assert {Attempt(job.job_id, 1, 1).stem + JOB for job in jobs} <= kept


def test_both_killed_again_and_again_every_job_is_done_and_reported(shared_site: Site) -> None:
    site, api = shared_site, OrderApi(state="APPROVED")
    (site.root / "token").write_text(api.token)
    jobs = [site.job(number=number) for number in range(1001, 1005)]
    with serving(api):
        site.set(api_url=api.url)
        site.config.chmod(0o644)
        for turn in range(60):
            missing = [job for job in jobs if job.job_id not in {report["job_id"] for report in api.reports}]
            if not missing:
                break
            spool = site.spool
            seen = " ".join(path.name for folder in (spool.new, spool.cur, spool.out) for path in folder.iterdir())
            lost = [msgspec.structs.replace(job, attempt=turn + 1) for job in missing if job.job_id not in seen]
            api.work = [job_task(site, job) for job in lost]
            with (
                running("runner", site.config, site.root / "runner.log") as runner,
                running("courier", site.config, site.root / "courier.log", user=COURIER) as courier,
            ):
                runner.wait(1.0 + turn * 0.37 % 1.7 + turn / 4)  # a busy machine gets there too
                courier.kill()
                runner.kill()
    assert {report["job_id"] for report in api.reports} == {job.job_id for job in jobs}
    assert {report["outcome"] for report in api.reports} == {Outcome.SUCCEEDED}
    assert len(list(site.effects.iterdir())) == len(jobs)


@pytest.mark.parametrize("name", ["runner", "courier"])
def test_systemd_hears_of_each_start_life_and_end(site: Site, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = str(site.root / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        with running(name, site.config, site.root / "log") as program:
            heard = {systemd.recv(4096).decode()}
            while not heard >= {"READY=1", "WATCHDOG=1"}:
                heard.add(systemd.recv(4096).decode())
            assert program.stop() == 0
        systemd.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                heard.add(systemd.recv(4096).decode())
    assert "STOPPING=1" in heard
