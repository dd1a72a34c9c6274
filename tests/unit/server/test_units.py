"""The waker asks systemd for an account's units and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from ankunft_waker.units import SLICE, UnitFailedError, Units, is_account

from tests.unit.server.sleeping_host import Server


@pytest.mark.parametrize("name", ["a1001", "a9999999999"])
def test_names_that_the_api_gives_out_are_accounts(name: str) -> None:
    assert is_account(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "a0001",
        "a100",
        "a1001\n",
        "a1001.service",
        "a1001 a1002",
        "b1001",
        "A1001",
        "../a1001",
        "a\N{ARABIC-INDIC DIGIT ONE}001",
        "a" * 99,
    ],
)
def test_nothing_else_is_an_account(name: str) -> None:
    assert not is_account(name)
    with pytest.raises(AssertionError):
        asyncio.run(Units(systemctl="/bin/true").start(name))
    with pytest.raises(AssertionError):
        asyncio.run(Units(systemctl="/bin/true").stop(name))


def test_socket_and_service_are_started_together_and_end_with_the_service(
    server: Server, play: Callable[[Callable[[], Awaitable[None]]], None]
) -> None:
    async def scenario() -> None:
        await server.waker.units.start("a1001")
        await server.waker.units.stop("a1001")

    play(scenario)
    assert server.calls == [
        "start php-account@a1001.socket php-account@a1001.service",
        "stop php-account@a1001.service",
    ]


def test_a_failure_carries_systemds_own_words(
    server: Server, play: Callable[[Callable[[], Awaitable[None]]], None]
) -> None:
    async def scenario() -> None:
        server.broken.add("a1001")
        with pytest.raises(UnitFailedError, match=r"^Job failed, see its journal$"):
            await server.waker.units.start("a1001")

    play(scenario)


def test_processes_are_counted_in_whichever_hierarchy_systemd_uses(tmp_path: Path) -> None:
    only, beside = tmp_path / "v2", tmp_path / "v1/systemd"
    for root, account, count in ((only, "a1001", 1), (beside, "a1002", 3), (beside, "other", 1)):
        unit = root / SLICE / f"php-account@{account}.service"
        unit.mkdir(parents=True)
        (unit / "cgroup.procs").write_text("7\n" * count)
    assert Units(cgroups=(only, beside, tmp_path / "missing")).processes() == {"a1001": 1, "a1002": 3}


def test_a_unit_that_vanishes_while_it_is_looked_at_has_no_process(tmp_path: Path) -> None:
    (tmp_path / SLICE / "php-account@a1001.service").mkdir(parents=True)
    assert Units(cgroups=(tmp_path,)).processes() == {"a1001": 0}
