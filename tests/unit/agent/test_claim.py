"""What a taken-over courier may put into the spool: none of it is taken, none of it stops the next job."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent import claim, fence
from agent.admission import ForeignJobError, LateJobError, admit, identify
from agent.claim import MAX_PARKED, HostileFileError, read_once, waiting
from agent.jobs import MAX_JOB_BYTES, JobRefusedError, sign
from tests.unit.agent.site_folder import Site

NAME = f"{'0' * 32}.1.1.job"


def symlink(path: Path) -> None:
    (path.parent / ".target").write_bytes(b"x")
    path.symlink_to(path.parent / ".target")


def dangling(path: Path) -> None:
    path.symlink_to("/nonexistent")


def hard_link(path: Path) -> None:
    path.write_bytes(b"x")
    os.link(path, path.parent / ".second")


def device(path: Path) -> None:
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero, endless


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


def foreign(path: Path) -> None:
    path.write_bytes(b"x")
    os.chown(path, 12345, 12345)


TRAPS: list[Callable[[Path], None]] = [symlink, dangling, hard_link, os.mkfifo, device, huge, Path.mkdir, foreign]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_a_trap_is_refused_without_a_hang(site: Site, trap: Callable[[Path], None]) -> None:
    trap(site.spool.new / NAME)
    with pytest.raises(HostileFileError):
        claim.claim(site.spool, NAME)
    claim.park(site.spool, site.spool.cur, NAME)
    assert not os.path.lexists(site.spool.cur / NAME)


def test_a_file_is_read_within_bounds(tmp_path: Path) -> None:
    file = tmp_path / "job"
    file.write_bytes(b"x" * MAX_JOB_BYTES)
    assert len(read_once(file, {os.geteuid()})) == MAX_JOB_BYTES
    file.write_bytes(b"x" * (MAX_JOB_BYTES + 1))
    with pytest.raises(HostileFileError):
        read_once(file, {os.geteuid()})


def test_a_job_cut_at_any_byte_is_refused(site: Site) -> None:
    job = site.job()
    name, file = site.hand_in(job), sign(job, site.api_key)
    for length in range(len(file)):
        with pytest.raises(JobRefusedError):
            identify(name, file[:length], key=site.api_key.public_key(), host="web1")


def test_a_job_with_any_byte_changed_is_refused(site: Site) -> None:
    job = site.job()
    name, file = site.hand_in(job), sign(job, site.api_key)
    for place in range(len(file)):
        changed = bytearray(file)
        changed[place] ^= 1 << (place % 8)
        with pytest.raises(JobRefusedError):
            identify(name, bytes(changed), key=site.api_key.public_key(), host="web1")


def test_a_job_for_another_host_or_under_another_name_is_foreign(site: Site) -> None:
    job, key = site.job(), site.api_key.public_key()
    name = site.hand_in(job)
    with pytest.raises(ForeignJobError):
        identify(name, sign(job, site.api_key), key=key, host="web2")
    with pytest.raises(ForeignJobError):
        identify(name.replace(".1.1.", ".1.2."), sign(job, site.api_key), key=key, host="web1")


def test_a_job_of_a_future_schema_is_refused(site: Site) -> None:
    job = site.job(schema=2)
    with pytest.raises(JobRefusedError, match="differ in version"):
        identify(site.hand_in(job), sign(job, site.api_key), key=site.api_key.public_key(), host="web1")


def test_a_job_whose_time_is_over_is_late(site: Site) -> None:
    job = site.job()
    with pytest.raises(LateJobError, match="set the clock"):
        admit(job, site.settings.state_dir / "fences", job.not_after + timedelta(seconds=1))


@pytest.mark.parametrize(("begun", "late"), [((1, 2), (1, 1)), ((2, 1), (1, 9)), ((1, 1), (1, 1))])
def test_an_attempt_that_is_not_the_newest_is_stale(site: Site, begun: tuple[int, int], late: tuple[int, int]) -> None:
    folder = site.settings.state_dir / "fences"
    fence.pass_through(folder, site.job(epoch=begun[0], attempt=begun[1]))
    with pytest.raises(fence.StaleJobError):
        fence.pass_through(folder, site.job(epoch=late[0], attempt=late[1]))


def test_the_same_attempt_and_every_newer_one_pass_and_accounts_do_not_meet(site: Site) -> None:
    folder = site.settings.state_dir / "fences"
    first = site.job(epoch=1, attempt=3)
    for job in (first, first, site.job(epoch=1, attempt=4), site.job(epoch=2, attempt=1), site.job(number=1002)):
        fence.pass_through(folder, job)


def test_a_damaged_mark_lets_nothing_through(site: Site) -> None:
    folder = site.settings.state_dir / "fences"
    job = site.job()
    (folder / f"{job.account.id}.json").write_bytes(b"{")
    with pytest.raises(fence.FenceError):
        fence.pass_through(folder, job)


def test_names_of_any_kind_are_listed_and_parked(site: Site) -> None:
    for name in (b"bad\xff\xfe", b"-rf", b"a\nb", b".hidden", b"x" * 255):
        (Path(os.fsdecode(os.fsencode(site.spool.new) + b"/" + name))).touch()
    for listed in waiting(site.spool.new):
        claim.park(site.spool, site.spool.new, listed)
    assert len(list(site.spool.parked.iterdir())) == 5
    assert not list(site.spool.new.iterdir())


def test_parked_files_do_not_fill_the_disk(site: Site) -> None:
    for number in range(MAX_PARKED + 20):
        (site.spool.new / f"junk{number}").touch()
        claim.park(site.spool, site.spool.new, f"junk{number}")
    assert len(list(site.spool.parked.iterdir())) == MAX_PARKED
