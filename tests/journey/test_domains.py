"""Domains as a customer sees them: ordered at a real registry, with zones, a mail for each state, and second tries."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple
from uuid import uuid4

import idna
import pytest

from tests.customer.account import account_of
from tests.customer.form import Form, Person, order_form, person
from tests.customer.lab import Lab
from tests.customer.letterbox import mails, text_of
from tests.customer.mailprogram import letter
from tests.customer.patience import wait_for
from tests.customer.phone import code_in, wait_for_message
from tests.customer.registry import entry, look_up, play
from tests.customer.shop import Receipt, Shop
from tests.customer.signature import signer

CODE = "aB&<+/9x"
COMPANY = "Müller & <Söhne> GmbH"
NUMBERS = iter(range(3_000_000, 3_000_100))
SUBJECTS = {
    "ORDERED": ("beauftragt", "is ordered"),
    "PENDING": ("läuft", "under way"),
    "REGISTERED": ("ist da", "is here"),
    "TRANSFERRED": ("ist umgezogen", "has moved to us"),
    "REFUSED": ("bitte werden Sie tätig", "please act"),
    "LEAVING": ("soll zu einem anderen Anbieter umziehen", "is to move to another provider"),
    "TRANSFERRED_AWAY": ("ist zu einem anderen Anbieter umgezogen", "has moved to another provider"),
}
"""State → what the subject of its mail says, in German and English."""


class Customer(NamedTuple):
    """Somebody who ordered domains."""

    lab: Lab
    shop: Shop
    who: Person
    order: Receipt
    language: str

    def told(self, unicode: str) -> list[str]:
        """Return the states that the mails about a domain tell of."""
        subjects = [str(mail["Subject"]) for mail in mails(self.lab.mail_sink, self.who.email)]
        column = ("de", "en").index(self.language)
        words = {state: said[column] for state, said in SUBJECTS.items()}
        return [
            next(state for state in sorted(words, key=lambda one: -len(words[one])) if words[state] in subject)
            for subject in subjects
            if re.search(rf"(^|\s){re.escape(unicode)}(\s|:|$)", subject)
        ]

    def wait_until_told(self, unicode: str, *states: str) -> None:
        """Wait for the mails about a domain, one for each state; two that follow at once may overtake each other."""
        wait_for(f"{unicode}: {states}", lambda: sorted(self.told(unicode)) == sorted(states), timeout_s=60)

    def timeline(self, name: str) -> list[str]:
        """Return the states of a domain that the timeline shows."""
        page = self.shop.status(self.order)
        return [moment["state"] for moment in page["timeline"] if moment["name"] == name]

    def refusal(self) -> str:
        """Return the one mail that says a domain was refused, as the customer reads it."""
        words = SUBJECTS["REFUSED"][("de", "en").index(self.language)]
        (found,) = [mail for mail in mails(self.lab.mail_sink, self.who.email) if words in str(mail["Subject"])]
        return text_of(found)


@pytest.fixture
def shop(lab: Lab) -> Iterator[Shop]:
    """The API, visited by a customer."""
    with Shop(lab.api, visitor="100.99.0.1", staff_token=lab.staff_token) as made:
        yield made


def arrive(lab: Lab, shop: Shop, language: str, *domains: dict[str, Any], company: str | None = None) -> Customer:
    """Order *domains* and wait until the account is there."""
    who = person(next(NUMBERS))
    form: Form = order_form(who) | {"language": language, "domains": list(domains)}
    if company is not None:
        form["customer"] |= {"kind": "business", "company": company}
    order = shop.place(form, key=uuid4().hex)
    shop.wait_until(order, "AWAITING_ACTIVATION")
    shop.request_code(order)
    shop.confirm(order, code_in(wait_for_message(lab.sms_sink, who.phone)))
    shop.wait_until(order, "ACTIVE", timeout_s=120)
    return Customer(lab, shop, who, order, language)


def name_of(word: str, suffix: str) -> str:
    """Return a name that nobody has yet."""
    return f"{word}-{uuid4().hex[:6]}.{suffix}"


def theirs(lab: Lab, name: str, *more: str) -> dict[str, Any]:
    """Have the other registrar hold *name*; return how its transfer is ordered."""
    play(lab, "register", name, "--code", CODE, *more)
    return {"name": name, "action": "transfer", "auth_code": CODE}


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_registration_and_a_transfer_arrive_and_each_state_is_one_mail(lab: Lab, shop: Shop, language: str) -> None:
    unicode, moving = name_of("müller-söhne", "de"), name_of("umzug", "com")
    label = idna.encode(unicode).decode()
    assert shop.availability(unicode)["availability"] == "available"
    transfer = theirs(lab, moving)
    customer = arrive(lab, shop, language, {"name": unicode, "action": "register"}, transfer, company=COMPANY)
    shop.wait_for_domain(customer.order, label, "REGISTERED")
    shop.wait_for_domain(customer.order, moving, "PENDING")
    play(lab, "approve", moving)
    shop.wait_for_domain(customer.order, moving, "TRANSFERRED")

    assert [entry(lab, name)["domain"]["sponsor"] for name in (label, moving)] == ["ankunft", "ankunft"]
    assert shop.availability(unicode)["availability"] == "taken"
    account = shop.status(customer.order)["account"]
    for name in (label, moving):
        wait_for(f"{name} is validated", lambda name=name: look_up(lab, name).is_validated, timeout_s=30)  # type: ignore[misc]  # bound at once
        assert look_up(lab, name).records == (account["hosts"]["web"],)
        assert look_up(lab, name, "MX").records == (f"10 mail.{name}.",)
        assert look_up(lab, f"mail.{name}").records == (account["hosts"]["mail"],)
    customer.wait_until_told(unicode, "ORDERED", "REGISTERED")
    customer.wait_until_told(moving, "ORDERED", "PENDING", "TRANSFERRED")
    assert customer.timeline(label) == ["ORDERED", "REGISTERED"]
    assert customer.timeline(moving) == ["ORDERED", "PENDING", "TRANSFERRED"]
    wait_for(
        "the mail of the first domain is on",
        lambda: shop.status(customer.order)["account"]["mail"]["address"] == f"postmaster@{label}",
        timeout_s=60,
    )


def test_mail_of_a_domain_is_signed_for_it_whatever_its_header_claims(lab: Lab, shop: Shop) -> None:
    name = name_of("signiert", "de")
    customer = arrive(lab, shop, "de", {"name": name, "action": "register"})
    address = f"postmaster@{name}"
    wait_for(
        "mail of the domain is on",
        lambda: shop.status(customer.order)["account"]["mail"]["address"] == address,
        timeout_s=60,
    )
    mailbox = account_of(shop.status(customer.order), customer.who).mailbox
    for sender in (address, "chef@neighbour.example"):
        mailbox.submit(letter(sender, address, f"von {sender}"), envelope_from=address)
        mailbox.wait_for_subject(f"von {sender}")
        assert signer(mailbox.raw(f"von {sender}"), lambda key: txt(lab, key)) == name


def txt(lab: Lab, name: str) -> str:
    """Return the one TXT record of *name*, its pieces put together."""
    (record,) = look_up(lab, name, "TXT").records
    return record.replace('" "', "").strip('"')


@pytest.mark.parametrize(
    ("word", "more", "code", "german"),
    [
        ("falscher-code", (), "falsch12", "der Auth-Code stimmt nicht"),
        ("gesperrt", ("--locked",), CODE, "gegen Umzüge gesperrt"),
        ("zu-jung", ("--days-ago", "3"), CODE, "weniger als 60 Tagen"),
    ],
)
def test_a_refused_transfer_says_why_and_goes_on_with_a_corrected_code(
    lab: Lab, shop: Shop, word: str, more: tuple[str, ...], code: str, german: str
) -> None:
    name = name_of(word, "com")
    customer = arrive(lab, shop, "de", theirs(lab, name, *more) | {"auth_code": code})
    shop.wait_for_domain(customer.order, name, "REFUSED")
    customer.wait_until_told(name, "ORDERED", "REFUSED")
    assert german in customer.refusal()
    if word == "zu-jung":
        return
    if word == "gesperrt":
        play(lab, "lock", name, "--off")
    shop.correct_auth_code(customer.order, name, CODE)
    shop.wait_for_domain(customer.order, name, "PENDING")
    play(lab, "approve", name)
    shop.wait_for_domain(customer.order, name, "TRANSFERRED")
    customer.wait_until_told(name, "ORDERED", "REFUSED", "ORDERED", "PENDING", "TRANSFERRED")
    assert not [mail for mail in mails(lab.mail_sink, customer.who.email) if CODE in text_of(mail)]


@pytest.mark.parametrize(
    ("command", "english"), [("reject", "was rejected"), ("timeout", "did not answer in the registry's time")]
)
def test_a_transfer_that_the_other_side_does_not_want_ends_with_its_own_words(
    lab: Lab, shop: Shop, command: str, english: str
) -> None:
    name = name_of(command, "com")
    customer = arrive(lab, shop, "en", theirs(lab, name))
    shop.wait_for_domain(customer.order, name, "PENDING")
    play(lab, command, name)
    shop.wait_for_domain(customer.order, name, "REFUSED")
    customer.wait_until_told(name, "ORDERED", "PENDING", "REFUSED")
    assert english in customer.refusal()


def test_a_pending_registration_that_is_refused_later_ends_with_its_mail(lab: Lab, shop: Shop) -> None:
    name = name_of("spaeter", "org")
    play(lab, "rule", "org", "--creates", "pending")
    customer = arrive(lab, shop, "de", {"name": name, "action": "register"})
    shop.wait_for_domain(customer.order, name, "PENDING")
    play(lab, "decide", name, "--refused")
    shop.wait_for_domain(customer.order, name, "REFUSED")
    customer.wait_until_told(name, "ORDERED", "PENDING", "REFUSED")


def test_a_transfer_away_is_told_at_once_and_its_mail_goes_off(lab: Lab, shop: Shop) -> None:
    name = name_of("weg", "com")
    customer = arrive(lab, shop, "de", {"name": name, "action": "register"})
    shop.wait_for_domain(customer.order, name, "REGISTERED")
    play(lab, "request", name)
    shop.wait_for_domain(customer.order, name, "LEAVING")
    play(lab, "timeout", name, "serverApproved")
    shop.wait_for_domain(customer.order, name, "TRANSFERRED_AWAY")
    customer.wait_until_told(name, "ORDERED", "REGISTERED", "LEAVING", "TRANSFERRED_AWAY")
    wait_for(
        "mail of the domain is off",
        lambda: not shop.status(customer.order)["account"]["mail"]["address"].endswith(f"@{name}"),
        timeout_s=60,
    )


def test_nothing_that_was_said_to_the_registry_broke_a_schema_and_nothing_was_ordered_twice(lab: Lab) -> None:
    play(lab, "violations")
    found = Counter(_creates(lab))
    assert all(count == 1 for count in found.values()), found


def _creates(lab: Lab) -> list[str]:
    with closing(sqlite3.connect(f"file:{lab.registry.folder / 'registry.sqlite'}?mode=ro", uri=True)) as book:
        rows = book.execute("SELECT name FROM past WHERE command = 'create domain' AND code < 2000").fetchall()
    return [row[0] for row in rows]
