"""The draw is random, weighted, explained, and the same wherever it is repeated."""

from __future__ import annotations

import hashlib
import math
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.placement import Host, Need, Placement, decode, digest, draw, encode

ALL_THREE = Need(services=["web", "database", "mail"], pool="standard")


def host(name: str, **changes: object) -> Host:
    whole = Host(name=name, services=["web", "database", "mail"], pools=["standard"], max_accounts=10)
    return msgspec.structs.replace(whole, **changes)


def fleet(*hosts: Host) -> Placement:
    return Placement(schema=1, hosts=list(hosts))


def room(placement: Placement, places: int = 5) -> dict[str, int]:
    return {h.name: places for h in placement.hosts}


def names(placement: Placement) -> set[str]:
    return {h.name for h in placement.hosts}


def test_a_stranger_repeats_the_draw_from_the_formula() -> None:
    placement = fleet(host("web1"), host("web2", weight=2.5), host("web3"))
    seed = bytes(range(16))

    def by_hand(name: str, weight: float) -> float:
        u = int(hashlib.sha256(seed + b"all" + name.encode()).hexdigest(), 16) / 2**256
        return -math.log(u) / weight

    expected = min(placement.hosts, key=lambda h: by_hand(h.name, h.weight)).name
    assert draw(placement, ALL_THREE, seed, room(placement), names(placement)).placement == {
        "web": expected,
        "database": expected,
        "mail": expected,
    }


@given(st.binary(min_size=16, max_size=16), st.permutations(["a1", "b2", "c3", "d4"]))
def test_the_order_of_the_file_does_not_matter(seed: bytes, order: list[str]) -> None:
    one = fleet(*(host(name) for name in sorted(order)))
    other = fleet(*(host(name) for name in order))
    drawn = [draw(p, ALL_THREE, seed, room(p), names(p)).placement for p in (one, other)]
    assert drawn[0] == drawn[1]
    assert digest(encode(one)) == digest(encode(other))


def test_ten_thousand_draws_are_spread_as_the_weights_say() -> None:
    placement = fleet(host("light"), host("heavy", weight=3.0))
    seeds = (hashlib.sha256(str(i).encode()).digest()[:16] for i in range(10_000))
    won: Counter[str] = Counter()
    for seed in seeds:
        result = draw(placement, ALL_THREE, seed, room(placement), names(placement)).placement
        assert result is not None
        won[result["web"]] += 1
    expected = {"light": 2_500, "heavy": 7_500}
    chi_squared = sum((won[name] - count) ** 2 / count for name, count in expected.items())
    assert chi_squared < 10.83  # p > 0.001 for one degree of freedom


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"services": ["web"]}, "does not serve database, mail"),
        ({"pools": ["premium"]}, "is not in the pool standard"),
        ({"accepts_new_accounts": False}, "takes no new accounts"),
    ],
)
def test_a_host_is_left_out_with_the_reason(changes: dict[str, object], reason: str) -> None:
    placement = fleet(host("good"), host("bad", **changes))
    result = draw(placement, ALL_THREE, b"s" * 16, room(placement), names(placement))
    assert {v.host: v.excluded for v in result.verdicts} == {"good": None, "bad": reason}
    assert result.placement == dict.fromkeys(["web", "database", "mail"], "good")


def test_full_and_silent_hosts_are_left_out() -> None:
    placement = fleet(host("full"), host("silent"))
    result = draw(placement, ALL_THREE, b"s" * 16, {"full": 0, "silent": 3}, {"full"})
    assert result.placement is None
    assert {v.host: v.excluded for v in result.verdicts if v.service == "all"} == {
        "full": "is full",
        "silent": "its agent is silent",
    }


def test_one_host_that_serves_all_is_preferred_to_three() -> None:
    placement = fleet(
        host("w", services=["web"]), host("d", services=["database"]), host("m", services=["mail"]), host("all3")
    )
    result = draw(placement, ALL_THREE, b"s" * 16, room(placement), names(placement))
    assert result.placement == dict.fromkeys(["web", "database", "mail"], "all3")


def test_a_split_fleet_gets_a_draw_for_each_service() -> None:
    placement = fleet(host("w", services=["web"]), host("d", services=["database"]), host("m", services=["mail"]))
    result = draw(placement, ALL_THREE, b"s" * 16, room(placement), names(placement))
    assert result.placement == {"web": "w", "database": "d", "mail": "m"}


def test_a_placement_file_is_read_strictly() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"schema":1,"hosts":[{"name":"web1","services":["web"],"pools":[],"max_accounts":"5"}]}')
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"schema":2,"hosts":[]}')
