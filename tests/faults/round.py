"""One round: a number of orders in flight while one kind of thing is killed again and again."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from tests.customer.form import person
from tests.customer.lab import Lab
from tests.faults.driver import Customer
from tests.faults.log import Log
from tests.faults.strikes import Strike, kill_api, kill_courier, kill_runner, kill_server, kill_warm

_numbers = count(1_000_000)
"""People of the fault runs, apart from those of other tests."""


@dataclass(frozen=True, slots=True)
class Round:
    """What is killed by *strike*, at most how often, and the range of seconds between two strikes."""

    name: str
    strike: Strike
    strikes: int
    pause_s: tuple[float, float]


async def play_round(lab: Lab, log: Log, plan: Round, *, orders: int, seed: int, patience_s: float) -> None:
    """Place *orders* orders at random moments and strike at random moments, until all ended or patience did."""
    die = random.Random(f"{seed}-{plan.name}")  # noqa: S311 (repeatable on purpose)
    log.write("round", name=plan.name, orders=orders, seed=seed)
    customers = [
        Customer(lab, log, person(number), key=f"fault-{seed}-{number}", domain=f"fault-{number}.de")
        for number, _ in zip(_numbers, range(orders), strict=False)
    ]
    spread_s = plan.strikes * sum(plan.pause_s) / 2
    over = asyncio.Event()
    killer = asyncio.create_task(_strike(lab, log, plan, die, over))
    arrivals = [_order_later(customer, die.uniform(0, spread_s / 2)) for customer in customers]
    try:
        async with asyncio.timeout(patience_s):
            await asyncio.gather(*arrivals)
    except TimeoutError:
        log.write("patience over", name=plan.name)
    over.set()
    await killer


async def _order_later(customer: Customer, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    await customer.order()


async def _strike(lab: Lab, log: Log, plan: Round, die: random.Random, over: asyncio.Event) -> None:
    """Strike until the strikes are used up or the round is *over*; a strike once begun is carried through."""
    for _ in range(plan.strikes):
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), die.uniform(*plan.pause_s))
        if over.is_set():
            return
        victim = await asyncio.to_thread(plan.strike, lab, die)
        log.write("killed", round=plan.name, victim=victim)


ROUNDS = (
    Round("runner", kill_runner, strikes=10, pause_s=(1, 4)),
    Round("warm", kill_warm, strikes=10, pause_s=(1, 3)),
    Round("courier", kill_courier, strikes=10, pause_s=(1, 4)),
    Round("api", kill_api, strikes=8, pause_s=(1, 5)),
    Round("server", kill_server, strikes=3, pause_s=(2, 8)),
)
"""Twenty orders each, while one kind of thing dies."""

PATIENCE_S = 240


async def play_rounds(lab: Lab, log: Log, *, orders: int, seed: int) -> None:
    """Play all rounds, one after the other."""
    for plan in ROUNDS:
        await play_round(lab, log, plan, orders=orders, seed=seed, patience_s=PATIENCE_S)
