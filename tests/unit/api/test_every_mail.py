"""Every mail of every path, in both languages, to people of honest names: literal, whole, and without a secret."""

import html
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import NamedTuple

import msgspec
import pypdfium2
import pytest

from agent.jobs import Outcome
from api import journal, orders, piccolo_conf
from api.activation import code, correction, endings, reminders, reviews
from api.activation.acceptance import accept
from api.activation.tables import SmsActivation
from api.catalogue import LANGUAGES
from api.customers import asking, links
from api.customers.duplicates import compare_new
from api.customers.tables import FurtherOrderLink
from api.domains.registrar import Reason
from api.domains.registration import TOLD
from api.equipment import Equipment
from api.intake.screening import screen_waiting
from api.lifecycle import OrderEvent
from api.notices import delivery, outbox
from api.notices.facts import Sources
from api.notices.tables import Outbox
from api.shop.page import domains_of, order_page
from api.tables import Order
from api.work import PAPERS
from tests.customer.letterbox import text_of
from tests.unit.api.mailserver import MailServer, mail_server, mailing_to
from tests.unit.api.orderform import BODY, new_name, placed, row_of, token_of
from tests.unit.api.playedhosts import draw_all, living, take_one, tell

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

CUSTOMER = journal.CUSTOMER
STAFF = journal.staff("Anna")
PEOPLE = [
    ("O'Brien", "Müller & Söhne"),
    ("Nguyễn", "{Klammer}"),
    ("100% Bio GmbH", "=3+4 GmbH"),
    ("Null", "{{ 7 * 7 }} <b>{% raw %}"),
]
IBAN = "DE02120300000000202051"
AUTH_CODE = "x7Kp+Q2m9A"
TOLD_HERE = {
    *orders.LETTERS.values(), "order_received", "order_reminder", "contract_accepted", "account_ready",
    "account_delayed", "domain_status", "further_order", "staff_alarm",
}  # fmt: skip


class Life(NamedTuple):
    """Somebody's orders, on every path, and what was secret about them."""

    equipment: Equipment
    given_name: str
    family_name: str
    language: str

    async def order(self) -> int:
        """Order a domain to register and one to transfer."""
        ordered = [
            {"name": new_name().replace("beispiel", "söhne"), "action": "register"},
            {"name": new_name(), "action": "transfer", "auth_code": AUTH_CODE},
        ]
        return await placed(
            self.equipment, language=self.language, customer__given_name=self.given_name,
            customer__family_name=self.family_name, customer__company="Müller & Söhne", domains=ordered,
        )  # fmt: skip

    async def offered(self) -> int:
        order_id = await self.order()
        await screen_waiting(self.equipment)
        assert (await row_of(order_id))["state"] == "AWAITING_ACTIVATION"
        return order_id


async def move(order_id: int, *events: OrderEvent) -> None:
    for event in events:
        async with piccolo_conf.DB.transaction():
            await orders.move(order_id, event, actor=STAFF)


async def unlocked_order(life: Life) -> str:
    """Order, be reminded, correct the number, unlock by the code, and get an account; return the codes."""
    order_id, equipment = await life.offered(), life.equipment
    soon = datetime.now(UTC) + timedelta(days=1)
    await Order.update({Order.expires_at: soon}).where(Order.id == order_id)
    await reminders.remind_due(equipment.settings.orders)
    await code.request(equipment, order_id, actor=CUSTOMER)
    await correction.correct(order_id, "+4915176543210", actor=CUSTOMER)
    await screen_waiting(equipment)
    await correction.send_wanted(equipment)
    (sent,) = await SmsActivation.select().where(SmsActivation.order == order_id)
    codes = [equipment.seal.sms_code(order_id, generation) for generation in (1, 2)]
    assert sent["generation"] == 2
    await code.confirm(equipment, order_id, codes[-1], actor=CUSTOMER)
    await draw_all(await living("h1"))
    await tell(await take_one(equipment, order_id))
    await told_of_domains(order_id)
    return " ".join(codes)


async def told_of_domains(order_id: int) -> None:
    """Be told of every state of both domains, for every reason."""
    cases = [(status, None) for status in TOLD] + [("REFUSED", reason) for reason in Reason]
    for domain in await domains_of(order_id):
        for status, reason in cases:
            row = await journal.write(subject="domain", subject_id=domain.name, event="TEST", actor=STAFF)
            said = {"domain": domain.name, "status": str(status), "reason": reason and str(reason), "until": None}
            await outbox.tell("domain_status", order_id, row, said)


async def failed_setup(life: Life) -> None:
    """Be accepted by staff, and wait for an account that cannot be made."""
    order_id = await life.offered()
    await accept(life.equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
    await draw_all(await living("h1"))
    await tell(await take_one(life.equipment, order_id), Outcome.FAILED)


async def other_endings(life: Life) -> None:
    """Be reviewed, refused, reopened; lapse; withdraw."""
    reviewed = await life.order()
    await move(reviewed, OrderEvent.HELD_FOR_REVIEW)
    await reviews.tell_overdue(0, datetime.now(UTC))
    await move(reviewed, OrderEvent.REFUSED, OrderEvent.REOPENED, OrderEvent.WITHDRAWN)
    lapsed = await life.offered()
    past = datetime.now(UTC) - timedelta(seconds=1)
    await Order.update({Order.expires_at: past}).where(Order.id == lapsed)
    await endings.lapse_due()


async def further_order(life: Life) -> None:
    """Ask for a link for a further order."""
    await compare_new(life.equipment.seal)
    await asking.ask(life.equipment, asking.NUMBER, "100001", client_ip=None)
    await asking.answer_waiting(life.equipment)
    assert await FurtherOrderLink.count() == 1


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("given_name", "family_name"), PEOPLE)
async def test_every_mail_is_whole_and_holds_no_secret(
    equipment: Equipment, server: MailServer, given_name: str, family_name: str, language: str
) -> None:
    life = Life(mailing_to(equipment, server.port), given_name, family_name, language)
    codes = await unlocked_order(life)
    await failed_setup(life)
    await other_endings(life)
    await further_order(life)
    await deliver(life.equipment)
    rows = await Outbox.select().where(Outbox.channel == "mail")
    assert {row["kind"] for row in rows} >= TOLD_HERE
    assert [(row["kind"], row["problem"]) for row in rows if row["state"] != "SENT"] == []
    secrets = await secrets_of(life, codes)
    kinds = {row["message_id"]: row["kind"] for row in rows}
    for mail in server.taken:
        kind = kinds[str(mail["Message-ID"]).strip("<>").partition("@")[0]]
        check(mail, kind, life, secrets)


async def deliver(equipment: Equipment) -> None:
    sources = Sources(partial(order_page, equipment.settings), PAPERS)
    for _ in range(9):
        if not await delivery.deliver_due(equipment, sources, "mail"):
            return


async def secrets_of(life: Life, codes: str) -> set[str]:
    """Return what no mail may hold."""
    made = await Order.select(Order.id, Order.password_hash)
    seeds = [msgspec.json.decode(row["context"]) for row in await Outbox.select().where(Outbox.kind == "further_order")]
    return {
        *codes.split(), BODY["password"], IBAN, IBAN[4:-4], AUTH_CODE, "$6$", *(seed["link"] for seed in seeds),
        *(row["password_hash"] for row in made),
        *[await token_of(life.equipment, row["id"]) for row in made],
        life.equipment.settings.keys.master.read_bytes().hex(),
    }  # fmt: skip


def check(mail: EmailMessage, kind: str, life: Life, secrets: set[str]) -> None:
    """Look at one mail as its reader would, and as who looks for a secret would."""
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    text, markup, subject = plain.get_content(), page.get_content(), str(mail["Subject"])
    whole = "\n".join([subject, text_of(mail), markup, mail.as_string()])
    read = whole + papers_of(mail)
    assert not [secret for secret in secrets if secret in read or secret in re.sub(r"\s", "", read)], kind
    assert bool(links.TOKEN.search(text)) is False
    assert ("further_" in whole) is (kind == "further_order")
    assert not re.search(r"None|Undefined|[{%]|xn--", subject), kind
    assert not re.search(r"\bNone\b|Undefined|DomainState\.|49 <b>", text), kind
    assert str(mail["Content-Language"]) == ("en" if kind.startswith("staff_") else life.language)
    name = f"{life.given_name} {life.family_name}"
    if kind.startswith("staff_"):
        assert name not in text
        return
    assert name in text, kind
    assert html.escape(name, quote=False) in markup.replace("&#39;", "'"), kind
    assert "<b>" not in markup
    for a_label in re.findall(r"xn--[a-z0-9.-]+", text):
        assert re.search(rf"\([^()]*{re.escape(a_label)}\)", text), f"{kind}: {a_label} is not readable"


def papers_of(mail: EmailMessage) -> str:
    """Return what can be read in the documents that a mail carries."""
    texts = []
    for part in mail.iter_attachments():
        content = part.get_content()
        if part.get_content_type() == "application/pdf":
            with closing(pypdfium2.PdfDocument(content)) as document:
                texts += [page.get_textpage().get_text_range() for page in document]
            assert texts[-1].strip(), "a document without text says nothing"
        else:
            texts.append(str(content))
    return "\n".join(texts)
