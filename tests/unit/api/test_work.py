"""The worker: a loop survives any single failure, and all end within seconds."""

import asyncio
import logging
import time

import pytest

from api.equipment import Equipment
from api.work import LONGEST_PAUSE_S, Loop, keep_on, loops, pause_s


async def test_a_loop_goes_on_after_a_failure_and_says_only_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def step() -> None:
        done.append(1)
        if len(done) == 1:
            raise ValueError("Jürgen O'Brien, DE02120300000000202051")
        closing.set()

    closing = asyncio.Event()
    with caplog.at_level(logging.ERROR):
        await asyncio.wait_for(keep_on(Loop("test", step, 0.01), closing), 5)
    assert len(done) == 2
    assert "ValueError" in caplog.text
    assert "O'Brien" not in caplog.text


async def test_a_waiting_loop_ends_at_once() -> None:
    closing, began = asyncio.Event(), time.monotonic()

    async def step() -> None:
        asyncio.get_running_loop().call_later(0.05, closing.set)

    await keep_on(Loop("test", step, 60), closing)
    assert time.monotonic() - began < 2


def test_pauses_grow_and_are_capped() -> None:
    assert 0 < pause_s(1) <= 1
    assert LONGEST_PAUSE_S / 2 <= pause_s(50) <= LONGEST_PAUSE_S


@pytest.mark.usefixtures("database")
async def test_every_step_can_be_taken_with_nothing_to_do(equipment: Equipment) -> None:
    for loop in loops(equipment):
        await loop.step()
