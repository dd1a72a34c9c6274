"""The account"s first password: strong enough, hashed at once, kept nowhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from concurrent.futures import Executor

from passlib.hash import sha512_crypt

MIN_LENGTH = 10
MIN_DIFFERENT = 6
MIN_WITHOUT_LETTERS = 16
WEAK = frozenset({
    "passwort", "password", "kennwort", "geheim", "secret", "qwertz", "qwerty", "asdfgh", "yxcvbn", "zxcvbn",
    "admin", "administrator", "root", "willkommen", "welcome", "hallo", "hello", "letmein", "master",
    "iloveyou", "ichliebedich", "schatz", "sommer", "winter", "fruehling", "frühling", "herbst", "test",
    "changeme", "monkey", "dragon", "football", "fussball", "fußball", "hosting", "domain", "webspace", "abc",
    "abcdef",
})  # fmt: skip
RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertzuiopasdfghjkl", "qwertyuiopasdfghjkl")


def weakness(password: str, own_words: Iterable[str] = ()) -> str | None:
    """Return what is missing to a strong *password*, or None. *own_words* are names that anybody would try."""
    plain = password.casefold()
    core = re.sub(r"[\W\d_]+", "", plain)
    if len(password) < MIN_LENGTH:
        return f"needs at least {MIN_LENGTH} characters"
    if len(set(plain)) < MIN_DIFFERENT:
        return f"needs at least {MIN_DIFFERENT} different characters"
    if not core and len(password) < MIN_WITHOUT_LETTERS:
        return "needs letters too"
    if core in WEAK or (core and len(core) * 2 >= len(plain) and _repeats(core)):
        return "is a word that everybody tries, with digits or signs around it; take several words"
    return _obvious(plain, core, own_words)


def _obvious(plain: str, core: str, own_words: Iterable[str]) -> str | None:
    """Return why a password is the first thing that others would try."""
    if any(plain in run or plain in run[::-1] or core in {run, run[::-1]} for run in RUNS):
        return "is a row of keys; take several words"
    if plain in {word.casefold() for word in own_words if word}:
        return "is a name or address of this order; take something else"
    return None


def _repeats(core: str) -> bool:
    """Return whether *core* is one weak word again and again."""
    return any(len(core) % len(word) == 0 and core == word * (len(core) // len(word)) for word in WEAK)


async def hashed(password: str, executor: Executor, rounds: int) -> str:
    """Return the SHA-512-crypt of *password*, made in *executor*, which bounds how many are made at once."""
    return await asyncio.get_running_loop().run_in_executor(executor, _hash, password, rounds)


def _hash(password: str, rounds: int) -> str:
    return str(sha512_crypt.using(rounds=rounds).hash(password))
