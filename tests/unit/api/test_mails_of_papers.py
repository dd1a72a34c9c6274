"""Mails about contracts, invoices, debits and registries are whole and hold no secret; no kind of mail is left out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from api import journal
from api.activation.contracts import arrival, decisions, filing, keeping
from api.activation.contracts.arrival import Envelope, File
from api.activation.contracts.document import contract_pdf
from api.activation.contracts.tables import Returned
from api.billing import corrections, issuing
from api.billing.receivables import debits, returns
from api.billing.receivables.bank_statement import Returned as ReturnedDebit
from api.catalogue import LANGUAGES
from api.equipment import Equipment
from api.notices import letter, outbox
from api.notices.tables import Outbox
from tests.customer.paper import illegible
from tests.unit.api.issued import FACTS, STAFF, TODAY, accepted, bill, hoster
from tests.unit.api.mailserver import MailServer, mail_server, mailing_to
from tests.unit.api.orderform import row_of
from tests.unit.api.test_every_mail import IBAN, PEOPLE, TOLD_HERE, Life, check, deliver, secrets_of
from tests.unit.api.test_letter import TEMPLATES

pytestmark = pytest.mark.slow

MAILED = Envelope("email", "customer", f"{IBAN} <j@example.org>", "Vertrag")
TOLD_OF_PAPERS = {
    "contract_returned", "contract_rejected", "contract_unusable", "invoice_issued", "credit_note_issued",
    "debit_returned", "staff_return", "staff_returns_full", "staff_registry", "staff_alarm",
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


async def contract(life: Life) -> None:
    """Send the contract back, an unreadable one, and a mail without any; have the first one rejected."""
    order_id, equipment = await life.offered(), life.equipment
    cart_id = (await row_of(order_id))["cart_id"]
    for content in (await contract_pdf(equipment, order_id), illegible()):
        await arrival.take(equipment, MAILED, [File(f"{IBAN}.pdf", content)])
    await arrival.take(equipment, MAILED._replace(subject=f"Vertrag {cart_id}"), [], ["a mail without any document"])
    await filing.file_received(equipment)
    (filed,) = await Returned.select().where(Returned.state == "FILED")
    await decisions.reject(equipment, filed["id"], "Die Unterschrift fehlt.", actor=STAFF)


async def bills(life: Life) -> None:
    """Be billed, have the debit returned, and the other invoice taken back."""
    person = {"customer__given_name": life.given_name, "customer__family_name": life.family_name}
    for _ in range(2):
        await accepted(life.equipment, language=life.language, **person)
    first, second = await bill(life.equipment)
    await debits.run(life.equipment, TODAY + timedelta(days=30), TODAY, actor=STAFF)
    await returns.take([ReturnedDebit(f"{first}-1", 699, TODAY, "AC04")], actor=STAFF)
    await corrections.cancel(second, FACTS, TODAY, actor=STAFF, anew=False)
    await issuing.issue(life.equipment.settings.templates.folder, processes=1)


async def registry() -> None:
    """Have staff told of a registry."""
    for what, said in (("low_balance", {}), ("poll_lag", {"minutes": 20}), ("message", {"message": "1", "name": ""})):
        row = await journal.write(subject="registry", subject_id="de", event=what.upper(), actor=journal.SYSTEM)
        await outbox.tell("staff_registry", None, row, {"what": what, "registry": "de", **said})


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_mail_about_papers_is_whole_and_holds_no_secret(
    equipment: Equipment, server: MailServer, language: str
) -> None:
    life = Life(mailing_to(hoster(equipment), server.port), *PEOPLE[0], language)
    await contract(life)
    await bills(life)
    await registry()
    await keeping.tell_nearly_full(0, datetime.now(UTC))
    await deliver(life.equipment)
    rows = await Outbox.select()
    assert {row["kind"] for row in rows} >= TOLD_OF_PAPERS
    assert [(row["kind"], row["problem"]) for row in rows if row["state"] != "SENT"] == []
    secrets, kinds = await secrets_of(life, ""), {row["message_id"]: row["kind"] for row in rows}
    assert IBAN in secrets
    for mail in server.taken:
        check(mail, kinds[str(mail["Message-ID"]).strip("<>").partition("@")[0]], life, secrets)


def test_no_kind_of_mail_is_left_out() -> None:
    assert set(letter.kinds(TEMPLATES)) == TOLD_HERE | TOLD_OF_PAPERS
