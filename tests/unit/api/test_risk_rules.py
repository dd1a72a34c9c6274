"""Rules are data: what they can say, what they add up to, and what is refused with its reason."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.catalogue import CatalogueError, load, read
from api.intake.risk.verdict import judge, ways
from api.riskfacts import KINDS, Facts
from api.ruleset import Outcome, RuleSet

ROOT = Path(__file__).parents[3]
RULES = load(ROOT / "inventory" / "catalogue").risk
GOOD = Facts(
    country="DE", phone_type="mobile", phone_country="DE", phone_country_differs=False, sms_possible=True,
    mail_disposable=False, mail_domain="takes_mail", mail_at_ordered_name=False, iban_country="DE",
    iban_country_differs=False, iban_bank_known=True, holder_likeness=100, postal_code_fits=True, customers_alike=0,
    names_in_other_carts=0, names_taken=0, names_nobody_holds=0, ip_country_differs=False, orders_of_network_hour=0,
    orders_of_network_day=0, orders_of_mail_day=0, orders_of_phone_day=0, orders_of_iban_day=0, filled_in_s=60,
    trap_filled=False, blocked_mail=False, blocked_mail_domain=False, blocked_phone=False, blocked_iban=False,
    blocked_network=False, domains=1, check_failed=False, unpaid_before=False, vat_id_given_out=True,
)  # fmt: skip

FITTING: dict[str, Callable[[Any], Any]] = {
    "is": lambda wanted: wanted, "one_of": lambda wanted: wanted[-1], "none_of": lambda _: "none of them",
    "above": lambda wanted: wanted + 1, "below": lambda wanted: wanted - 1, "over": lambda wanted: wanted * 10 + 1,
}  # fmt: skip

WRITTEN = """
version = "1"
[bands]
contract = 30
review = 60
refuse = 100
[rules.trap_filled]
fact = "trap_filled"
is = true
points = 30
text.de = "Ein Feld"
text.en = "A field"
"""


def outcome_of(facts: Facts, rules: RuleSet = RULES) -> Outcome:
    return judge(rules, facts, limits_factor=1).outcome


def test_a_good_customer_fits_no_rule() -> None:
    verdict = judge(RULES, GOOD, limits_factor=1)
    assert (verdict.points, verdict.outcome, list(verdict.hits)) == (0, Outcome.SMS, [])
    assert ways(verdict.outcome, GOOD) == ["sms", "contract"]


def test_nothing_known_is_nothing_held_against_anybody() -> None:
    assert judge(RULES, Facts(), limits_factor=1).points == 0


@pytest.mark.parametrize("name", RULES.rules)
def test_every_rule_fits_what_it_is_made_for_and_says_so(name: str) -> None:
    rule = RULES.rules[name]
    ((condition, wanted),) = rule.condition.items()
    value = FITTING[condition](wanted)
    facts = msgspec.structs.replace(GOOD, **{rule.fact: value})
    (hit,) = (hit for hit in judge(RULES, facts, limits_factor=10).hits if hit.rule == name)
    assert (hit.points, hit.fact, hit.value) == (rule.points, rule.fact, value)
    assert outcome_of(facts).severity >= (rule.outcome or Outcome.SMS).severity
    off = msgspec.structs.replace(RULES, rules=RULES.rules | {name: msgspec.structs.replace(rule, on=False)})
    assert name not in {hit.rule for hit in judge(off, facts, limits_factor=10).hits}


def test_points_add_up_to_a_band() -> None:
    for points, outcome in (
        (0, "sms"),
        (29, "sms"),
        (30, "contract"),
        (59, "contract"),
        (60, "review"),
        (100, "refuse"),
    ):
        assert RULES.bands.outcome(points) == outcome
    somewhat = msgspec.structs.replace(GOOD, iban_country_differs=True, iban_bank_known=False)
    assert outcome_of(somewhat) is Outcome.CONTRACT


def test_a_rule_forces_less_but_never_more_than_the_points_say() -> None:
    unpaid = msgspec.structs.replace(GOOD, unpaid_before=True)
    assert outcome_of(unpaid) is Outcome.REVIEW
    many = msgspec.structs.replace(unpaid, mail_disposable=True)
    assert outcome_of(many) is Outcome.REFUSE


def test_sms_is_never_offered_where_none_may_go_whatever_the_rules_say() -> None:
    for outcome, possible in product(Outcome, (True, False, None)):
        offered = ways(outcome, Facts(sms_possible=possible))
        assert ("sms" in offered) == (outcome is Outcome.SMS and possible is True)
        assert ("contract" in offered) == (outcome in {Outcome.SMS, Outcome.CONTRACT})


def test_facts_of_the_past_are_read_though_one_of_them_is_not_asked_any_more() -> None:
    assert msgspec.json.decode(b'{"shoe_size": 43, "domains": 2}', type=Facts) == Facts(domains=2)


def test_limits_are_widened_for_labs() -> None:
    busy = msgspec.structs.replace(GOOD, orders_of_phone_day=1000)
    assert outcome_of(busy) is Outcome.CONTRACT
    assert judge(RULES, busy, limits_factor=1_000_000).outcome is Outcome.SMS


def test_the_same_rules_have_the_same_digest_and_others_another() -> None:
    again = load(ROOT / "inventory" / "catalogue").risk
    assert again.digest == RULES.digest
    assert msgspec.structs.replace(again, version="2").digest != RULES.digest


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("is = true", "is = 1", "is does not fit trap_filled"),
        ("is = true", "above = 3", "above does not fit trap_filled"),
        ("is = true", "", "exactly one of"),
        ("is = true", "is = true\nbelow = 3", "exactly one of"),
        ('fact = "trap_filled"', 'fact = "shoe_size"', "shoe_size"),
        ("points = 30", "points = 30.5", "points"),
        ("points = 30", 'points = 30\noutcome = "jail"', "jail"),
        ("points = 30", 'points = 30\nweight = "x"', "weight"),
        ('text.de = "Ein Feld"\n', "", "de"),
        ("review = 60", "review = 20", "have to rise"),
        ("[rules.trap_filled]", "[rules.Trap-Filled]", "rules"),
        ('version = "1"', 'version = ""', "version"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_reason(tmp_path: Path, before: str, after: str, named: str) -> None:
    file = tmp_path / "risk.toml"
    file.write_text(WRITTEN)
    assert list(read(file, RuleSet).rules) == ["trap_filled"]
    file.write_text(WRITTEN.replace(before, after))
    with pytest.raises(CatalogueError, match=re.escape(named)) as caught:
        read(file, RuleSet)
    assert str(file) in str(caught.value)


def test_the_page_for_operators_lists_every_fact() -> None:
    page = (ROOT / "docs" / "risk.md").read_text()
    assert not [fact for fact in KINDS if f"`{fact}`" not in page]
