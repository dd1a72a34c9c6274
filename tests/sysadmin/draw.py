"""The draw repeated by hand, from its published formula alone: nothing of the product is used."""

from collections.abc import Mapping
from hashlib import sha256
from math import log
from typing import Any


def lots(seed: str, weights: Mapping[str, float], service: str = "all") -> dict[str, float]:
    """Return each candidate's lot: −ln(u) / weight, u = SHA-256(seed ‖ service ‖ name) / 2²⁵⁶."""
    found = {}
    for name, weight in weights.items():
        u = int(sha256(bytes.fromhex(seed) + service.encode() + name.encode()).hexdigest(), 16) / 2**256
        found[name] = -log(u) / weight
    return found


def winner(seed: str, weights: Mapping[str, float], service: str = "all") -> str:
    """Return whom *seed* chooses among the candidates in *weights*: the lowest lot."""
    drawn = lots(seed, weights, service)
    return min(drawn, key=drawn.__getitem__)


def eligible(draw: Mapping[str, Any]) -> dict[str, float]:
    """Return the weights of those who may win a *draw* as staff see it: they serve everything and are not left out."""
    whole = (candidate for candidate in draw["candidates"] if candidate["service"] == "all")
    return {candidate["host"]: candidate["weight"] for candidate in whole if not candidate["excluded"]}
