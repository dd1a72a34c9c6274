"""An order that no code may go to: its contract goes out, comes back on paper, and one look opens the account."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from uuid import uuid4

import pytest

from tests.customer.account import account_of
from tests.customer.form import Person, order_form, person
from tests.customer.lab import Lab
from tests.customer.letterbox import address_of, mails, text_of
from tests.customer.paper import faxed, illegible, returned
from tests.customer.patience import wait_for
from tests.customer.shop import Answer, Receipt, Shop

FOREIGN = "+447400{:06d}"


@pytest.fixture
def shop(lab: Lab) -> Iterator[Shop]:
    """The API, with a desk for staff."""
    with Shop(lab.api, staff_token=lab.staff_token) as opened:
        yield opened


def offered(shop: Shop, number: int) -> tuple[Person, Receipt]:
    """Order with a foreign telephone; return who did, and the order, once it is offered the contract alone."""
    who = person(number)
    form = order_form(who, f"papier-{number}.de")
    form["customer"]["phone"] = FOREIGN.format(number % 1_000_000)
    order = shop.place(form, key=uuid4().hex)
    page = shop.wait_until(order, "AWAITING_ACTIVATION", "IN_REVIEW")
    assert (page["state"], page["offered"]) == ("AWAITING_ACTIVATION", ["contract"])
    return who, order


def sent_back(lab: Lab, who: Person, document: bytes, name: str) -> None:
    """Send *document* by mail, through the hoster's mail server."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = who.email, lab.contracts_lmtp.address, "Mein Vertrag"
    mail.set_content("Anbei der unterschriebene Vertrag.\n")
    mail.add_attachment(document, "application", "octet-stream", filename=name)
    with smtplib.LMTP(lab.contracts_lmtp.host, lab.contracts_lmtp.port) as line:
        assert not line.send_message(mail)


def waiting(shop: Shop, **wanted: object) -> Answer:
    """Wait until a document like that waits for a person."""

    def look() -> Answer | None:
        found = [line for line in shop.returns() if all(line[name] == value for name, value in wanted.items())]
        return found[-1] if found else None

    found: Answer = wait_for(f"a document with {wanted} waits", look, timeout_s=30)
    return found


def test_a_contract_that_was_scanned_askew_and_mailed_files_itself_and_one_look_opens_the_account(
    lab: Lab, shop: Shop
) -> None:
    who, order = offered(shop, 3_000_001)
    pdf = shop.contract(order)
    (offer,) = wait_for(
        "the mail with the contract", lambda: mails_about(lab, who, "kann freigeschaltet"), timeout_s=20
    )
    (attached,) = list(offer.iter_attachments())
    assert attached.get_content() == pdf
    sent_back(lab, who, returned(pdf, turn=3, noise=0.02), "scan.tif")
    line = waiting(shop, cart_id=order.cart_id)
    assert (line["state"], line["channel"], line["pages"]) == ("FILED", "email", 2)
    assert shop.status(order)["state"] == "AWAITING_ACTIVATION"
    assert shop.approve(line["id"])["state"] == "ACCEPTED"
    page = shop.wait_until(order, "ACTIVE", timeout_s=120)
    account_of(page, who).mailbox.subjects()
    assert [entry["state"] for entry in shop.cart(order.cart_id)["returns"]] == ["APPROVED"]
    arrived = wait_for("the mail that it arrived", lambda: mails_about(lab, who, "ist angekommen"), timeout_s=20)
    assert order.cart_id in text_of(arrived[0])


def test_a_stack_of_post_files_itself_and_an_illegible_fax_is_filed_by_a_person(lab: Lab, shop: Shop) -> None:
    (_, first), (_, second), (who, third) = (offered(shop, 3_000_010 + number) for number in range(3))
    shop.hand_in(faxed(shop.contract(first)), returned(shop.contract(second), turn=184))
    for order in (first, second):
        shop.approve(waiting(shop, cart_id=order.cart_id, state="FILED", channel="post")["id"])
    sent_back(lab, who, illegible(), "unlesbar.pdf")
    unclear = waiting(shop, state="INBOX", cart_id=None)
    assert unclear["note"] == "no mark of ours can be read on it"
    assert shop.file(unclear["id"], third.cart_id)["state"] == "ACCEPTED"
    for order in (first, second, third):
        shop.wait_until(order, "ACTIVE", timeout_s=120)


def mails_about(lab: Lab, who: Person, words: str) -> list[EmailMessage]:
    """Return the mails to *who* with *words* in their subject."""
    return [mail for mail in mails(lab.mail_sink) if address_of(mail) == who.email and words in str(mail["Subject"])]
