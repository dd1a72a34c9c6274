"""The courier as a process, against an order API that speaks HTTP and checks signatures."""

from __future__ import annotations

import stat
import time
from base64 import b64encode

import msgspec

from agent.jobs import Job, Outcome, Report, sign
from agent.placement import Host, Need, Placement, digest, draw, encode
from agent.spool import BEAT, JOB, PROGRESS, REPORT, Attempt
from tests.journey.agent.order_api import OrderApi, serving
from tests.journey.agent.process import eventually, running
from tests.journey.agent.site_job import job_task
from tests.unit.agent.site_folder import Site

SEED = "00112233445566778899aabbccddeeff"


def report_of(job: Job) -> Report:
    return Report(1, job.job_id, job.attempt, job.epoch, job.host, Outcome.SUCCEEDED, 1, job.issued_at, job.not_after)


def attempt_of(job: Job) -> Attempt:
    return Attempt(job.job_id, job.epoch, job.attempt)


def put_report(site: Site, job: Job) -> None:
    (site.spool.out / (attempt_of(job).stem + REPORT)).write_bytes(msgspec.json.encode(report_of(job)))


def queued(site: Site) -> set[str]:
    return {path.name for path in site.spool.new.iterdir()}


def test_it_makes_its_key_enrols_and_waits_for_a_person(site: Site, api: OrderApi) -> None:
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: api.key)
        assert stat.S_IMODE((site.root / "courier.key").stat().st_mode) == 0o600
        time.sleep(0.5)
        assert not api.asked
        assert "ankunft host approve web1" in courier.said()
        api.state = "APPROVED"
        eventually(lambda: api.asked)
    assert api.token not in courier.said()


def test_without_token_it_says_what_to_do(site: Site, api: OrderApi) -> None:
    (site.root / "token").unlink()
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: "ankunft host add web1" in courier.said())
    assert api.key is None


def test_a_job_goes_into_the_spool_and_its_lease_is_kept_while_it_waits(site: Site, api: OrderApi) -> None:
    api.state = "APPROVED"
    job = site.job()
    api.work.append(job_task(site, job))
    with running("courier", site.config, site.root / "courier.log"):
        eventually(lambda: queued(site) == {attempt_of(job).stem + JOB})
        eventually(lambda: len(api.leases) >= 2)
    assert (site.spool.new / (attempt_of(job).stem + JOB)).read_bytes() == sign(job, site.api_key)
    assert api.leases[0][1:] == (job.job_id, {"attempt": 1, "epoch": 1, "progress": []})


def test_progress_is_passed_on_once_and_the_report_until_it_is_acknowledged(site: Site, api: OrderApi) -> None:
    api.state, api.report_status = "APPROVED", [503, 500]
    job = site.job()
    api.work.append(job_task(site, job))
    line = b'{"at":"2026-11-24T08:00:00Z","task":"Users","status":"changed","host":"web1"}\n'
    with running("courier", site.config, site.root / "courier.log"):
        eventually(lambda: queued(site))
        (site.spool.new / (attempt_of(job).stem + JOB)).unlink()
        (site.spool.out / (attempt_of(job).stem + PROGRESS)).write_bytes(line + line)
        eventually(lambda: any(lease[2]["progress"] for lease in api.leases))
        put_report(site, job)
        eventually(lambda: [report["answered"] for report in api.reports] == [503, 500, 200])
        eventually(lambda: not list(site.spool.out.iterdir()))
        eventually(lambda: not list(site.spool.tmp.iterdir()))
    assert [len(lease[2]["progress"]) for lease in api.leases if lease[2]["progress"]] == [2]
    assert msgspec.convert({k: v for k, v in api.reports[-1].items() if k not in ("answered", "path_job")}, Report)


def test_a_report_refused_for_good_is_removed_and_told(site: Site, api: OrderApi) -> None:
    api.state, api.report_status = "APPROVED", [409, 404]
    for number in (1001, 1002):
        put_report(site, site.job(number=number))
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: not list(site.spool.out.iterdir()))
    assert courier.said().count("refused for good") == 2
    assert len(api.reports) == 2


def test_killed_anywhere_it_goes_on_from_the_spool(site: Site, api: OrderApi) -> None:
    api.state = "APPROVED"
    job = site.job()
    api.work.append(job_task(site, job))
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: queued(site))
        courier.kill()
    (site.spool.tmp / ".torn").write_bytes(b"half")
    api.leases.clear()
    with running("courier", site.config, site.root / "courier.log"):
        eventually(lambda: api.leases)
        put_report(site, job)
        eventually(lambda: api.reports)
        eventually(lambda: not list(site.spool.tmp.iterdir()))


def test_the_api_may_go_away_and_come_back(site: Site) -> None:
    api = OrderApi(state="APPROVED")
    with serving(api):
        pass
    site.set(api_url=api.url)
    (site.root / "token").write_text(api.token)
    put_report(site, site.job())
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: "again in" in courier.said())
        with serving(api):
            eventually(lambda: api.reports and not list(site.spool.out.iterdir()))


def test_a_lease_is_not_kept_for_a_runner_that_is_silent(site: Site, api: OrderApi) -> None:
    site.set(silence_s=1.5)
    api.state = "APPROVED"
    job = site.job()
    api.work.append(job_task(site, job, lease_s=0.6))
    api.lease_s = 0.6
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: "ankunft-runner.service" in courier.said())
        before = len(api.leases)
        assert before >= 1
        time.sleep(1.5)
        assert len(api.leases) == before
        (site.spool.out / BEAT).touch()
        eventually(lambda: len(api.leases) > before)


def test_a_job_that_is_another_attempts_by_now_is_taken_back(site: Site, api: OrderApi) -> None:
    api.state, api.lease_status = "APPROVED", 409
    api.work.append(job_task(site, site.job(), lease_s=0.3))
    with running("courier", site.config, site.root / "courier.log"):
        eventually(lambda: queued(site))
        eventually(lambda: not queued(site))
        eventually(lambda: not list(site.spool.tmp.iterdir()))


def test_a_job_that_the_api_did_not_sign_is_not_taken(site: Site, api: OrderApi) -> None:
    api.state = "APPROVED"
    forged = job_task(site, site.job())
    forged["jobs"][0]["file"] = b64encode(b"ankunft-job-v1 AAAA\n{}").decode()
    api.work.append(forged)
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: "ankunft keys show" in courier.said())
    assert not queued(site)


def test_it_takes_no_more_jobs_than_it_has_places(site: Site, api: OrderApi) -> None:
    site.set(capacity=1)
    api.state = "APPROVED"
    api.work.append(job_task(site, site.job()))
    with running("courier", site.config, site.root / "courier.log"):
        eventually(lambda: api.asked and api.asked[-1]["capacity"] == 0)
    assert api.asked[0]["capacity"] == 1


def test_it_draws_as_anybody_would_from_the_placement_file_here(site: Site, api: OrderApi) -> None:
    api.state = "APPROVED"
    placement = Placement(1, [Host(f"web{n}", ["database", "mail", "web"], ["standard"], 500) for n in (1, 2, 3)])
    file = encode(placement)
    site.settings.placement_file.write_bytes(file)
    need = {"services": ["web", "database", "mail"], "pool": "standard"}
    room = {"web1": 5, "web2": 5, "web3": 5}
    task = {"seed": SEED, "need": need, "room": room, "alive": ["web1", "web2", "web3"], "digest": digest(file)}
    api.work.append(
        {
            "draws": [
                task | {"draw_id": "stale", "digest": "0" * 64},
                task | {"draw_id": "full", "room": {}},
                task | {"draw_id": "right"},
            ]
        }
    )
    with running("courier", site.config, site.root / "courier.log"):
        eventually(lambda: "right" in api.draws)
    expected = draw(placement, msgspec.convert(need, Need), bytes.fromhex(SEED), room, frozenset(room)).placement
    assert api.draws == {
        "full": {"digest": digest(file), "placement": None},
        "right": {"digest": digest(file), "placement": expected},
    }
    assert api.asked[0]["digest"] == digest(file)


def test_it_ends_within_seconds_while_a_question_is_open(site: Site, api: OrderApi) -> None:
    api.state = "APPROVED"
    with running("courier", site.config, site.root / "courier.log") as courier:
        eventually(lambda: api.asked)
        began = time.monotonic()
        assert courier.stop() == 0
        assert time.monotonic() - began < 3


def test_a_second_courier_on_the_same_spool_does_not_start(site: Site, api: OrderApi) -> None:
    api.state = "APPROVED"
    with (
        running("courier", site.config, site.root / "courier.log"),
        running("courier", site.config, site.root / "second.log") as second,
    ):
        eventually(lambda: api.asked)
        eventually(lambda: "another one works on" in (site.root / "courier.log").read_text() + second.said())


def test_every_request_is_signed_anew(site: Site, api: OrderApi) -> None:
    api.state, api.report_status = "APPROVED", [503, 503]
    put_report(site, site.job())
    with running("courier", site.config, site.root / "courier.log"):
        eventually(lambda: len(api.reports) == 3)
    assert set(api.refusals) <= {"this host is not known"}
