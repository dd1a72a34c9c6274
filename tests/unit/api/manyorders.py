"""A thousand orders, always the same ones: honest people, and those whom the rules are made for."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.unit.api.orderform import body

BLOCKED_PHONE = "+4915100000001"
BLOCKED_MAIL_DOMAIN = "blocked.example"
BUSY_NETWORK = "203.0.113"
BUSY_MAIL = "often@example.org"
KINDS = {
    "good": 48, "foreign phone": 8, "fixed line": 7, "disposable": 8, "trap": 4, "bank abroad": 4, "busy network": 7,
    "busy mail": 3, "blocked phone": 3, "blocked mail domain": 3, "odd name": 3, "fast": 2,
}  # fmt: skip
HONEST = ("O'Brien", "Müller & Söhne", "Nguyễn", "{Klammer}", "100% Bio", "=3+4 Meyer", "Null", "Ng", "Guðmundsdóttir")
AUTH_CODE = "x7Kp+Q2m9A"
PASSWORD = "Kirschbaum-Tür-Regen"


class Planned(NamedTuple):
    """An order, and why it is there."""

    kind: str
    body: dict[str, Any]
    ip: str


def planned(number: int, seed: int = 20261124) -> Iterator[Planned]:
    """Yield *number* orders; the same ones for the same *seed*."""
    dice = random.Random(seed)  # noqa: S311 (a plan, no secret)
    for index in range(number):
        yield _planned(dice.choices(list(KINDS), list(KINDS.values()))[0], index, dice)


def iban(number: int) -> str:
    """Return a German IBAN of a bank that there is; its own for each *number*."""
    bban = f"12030000{number:010d}"
    return f"DE{98 - int(f'{bban}131400') % 97:02d}{bban}"


def _planned(kind: str, index: int, dice: random.Random) -> Planned:
    family_name = HONEST[index % len(HONEST)]
    made = body(
        f"tausend-{index}.de", language=dice.choice(("de", "en")), billing_interval_months=dice.choice((1, 3, 6, 12)),
        customer__given_name=f"Jo{'abcdefghij'[index % 10]}n", customer__family_name=family_name,
        customer__email=f"person{index}@example.org", customer__phone=f"+491511{index:07d}",
        customer__postal_code=f"{10_000 + index}", payment__iban=iban(index),
    )  # fmt: skip
    made["payment"]["account_holder"] = f"{made['customer']['given_name']} {family_name}"
    made["form"] = {"filled_in_s": dice.randint(20, 900), "trap": ""}
    if index % 7 == 0:
        transfer = {"name": f"umzug-{index}.net", "action": "transfer", "auth_code": AUTH_CODE}
        made["domains"].append(transfer)
    ip = f"198.{18 + index // 250}.{index % 250}.{dice.randint(1, 250)}"
    if kind == "busy network":
        ip = f"{BUSY_NETWORK}.{dice.randint(1, 250)}"
    for part, said in _mark(kind, index).items():
        made[part] |= said
    return Planned(kind, made, ip)


def _mark(kind: str, index: int) -> dict[str, dict[str, Any]]:
    """Return what is said otherwise by an order of this *kind*."""
    marks: dict[str, dict[str, dict[str, Any]]] = {
        "foreign phone": {"customer": {"phone": f"+4474001{index:05d}"}},
        "fixed line": {"customer": {"phone": f"+49891{index:07d}"}},
        "disposable": {"customer": {"email": f"person{index}@mailinator.com"}},
        "trap": {"form": {"trap": "cheap watches"}},
        "bank abroad": {"payment": {"iban": "NL91ABNA0417164300", "account_holder": "Wilhelmina Katz"}},
        "busy mail": {"customer": {"email": BUSY_MAIL}},
        "blocked phone": {"customer": {"phone": BLOCKED_PHONE}},
        "blocked mail domain": {"customer": {"email": f"person{index}@{BLOCKED_MAIL_DOMAIN}"}},
        "odd name": {"customer": {"given_name": "Max", "family_name": "Mustermann"}},
        "fast": {"form": {"filled_in_s": 0.7}},
    }
    return marks.get(kind, {})
