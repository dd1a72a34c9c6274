"""Terms: which version was accepted and when stays with the order; a later version leaves older orders alone."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from api.activation.acceptance import accept
from api.catalogue import load
from api.console.cart import cart_view
from api.equipment import Equipment
from api.intake.screening import screen_waiting
from api.lifecycle import OrderEvent
from api.notices import delivery
from api.notices.facts import Sources
from api.shop.page import order_page
from api.tables import Journal
from tests.unit.api.changed import with_settings
from tests.unit.api.mailserver import MailServer, mail_server, mailing_to
from tests.unit.api.orderform import placed, row_of

pytestmark = pytest.mark.usefixtures("database")

OLD, NEW = "2026-11-01", "2027-01-01"
LATER = {"de": "Neue Bedingungen für alle, die ab jetzt bestellen.", "en": "New terms for who orders from now on."}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def before(equipment: Equipment, server: MailServer, tmp_path: Path) -> Equipment:
    """A program with a catalogue of its own, which knows the old terms alone."""
    folder = tmp_path / "catalogue"
    shutil.copytree(equipment.settings.catalogue.folder, folder)
    return restarted(mailing_to(with_settings(equipment, "catalogue", folder=folder), server.port))


def restarted(equipment: Equipment) -> Equipment:
    """Return the program as it is after a restart, with the catalogue as it is then."""
    catalogue = load(equipment.settings.catalogue.folder)
    return Equipment(equipment.settings, equipment.seal, catalogue, equipment.hashing, equipment.closing)


def with_new_terms(equipment: Equipment) -> Equipment:
    """Put a newer version beside the old one, and start again."""
    folder = equipment.settings.catalogue.folder / "terms" / NEW
    folder.mkdir()
    for language, text in LATER.items():
        (folder / f"{language}.txt").write_text(text, encoding="utf-8")
    return restarted(equipment)


async def deliver(equipment: Equipment) -> None:
    await delivery.deliver_due(equipment, Sources(partial(order_page, equipment.settings)), "mail")


def terms_in(server: MailServer, cart_id: str) -> tuple[str, str]:
    """Return name and text of the terms that came with the first mail of an order."""
    mail = next(mail for mail in server.taken if cart_id in str(mail["Subject"]) and list(mail.iter_attachments()))
    (terms,) = mail.iter_attachments()
    return str(terms.get_filename()), terms.get_content().replace("\r\n", "\n")


async def test_version_and_time_of_acceptance_stay_with_the_order(before: Equipment) -> None:
    began = datetime.now(UTC)
    order_id = await placed(before)
    row = await row_of(order_id)
    assert row["terms_version"] == OLD
    assert began <= row["terms_accepted_at"] <= datetime.now(UTC)
    (submitted,) = await Journal.select().where(Journal.order == order_id, Journal.event == "SUBMITTED")
    assert json.loads(submitted["facts"])["terms"] == OLD
    view = await cart_view(before, order_id)
    assert (view.terms_version, view.terms_accepted_at) == (OLD, row["terms_accepted_at"])


@pytest.mark.parametrize("language", ["de", "en"])
async def test_each_order_is_sent_the_terms_it_accepted_however_late(
    before: Equipment, server: MailServer, language: str
) -> None:
    older = await row_of(await placed(before, language=language))
    after = with_new_terms(before)
    newer = await row_of(await placed(after, language=language))
    await deliver(after)
    old_text = before.catalogue.terms[OLD][language]
    name = {"de": "AGB", "en": "terms"}[language]
    assert terms_in(server, older["cart_id"]) == (f"{name}-{OLD}.txt", old_text)
    assert terms_in(server, newer["cart_id"]) == (f"{name}-{NEW}.txt", LATER[language] + "\n")


async def test_a_later_version_leaves_an_older_order_alone_up_to_its_acceptance(before: Equipment) -> None:
    order_id = await placed(before)
    accepted_at = (await row_of(order_id))["terms_accepted_at"]
    after = with_new_terms(before)
    await screen_waiting(after)
    await accept(after, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    row = await row_of(order_id)
    assert (row["terms_version"], row["terms_accepted_at"]) == (OLD, accepted_at)
    assert after.catalogue.terms_version == NEW


async def test_the_accepted_text_goes_with_the_first_mail_alone(before: Equipment, server: MailServer) -> None:
    await placed(before)
    await deliver(before)
    await screen_waiting(before)
    await deliver(before)
    with_terms = [
        mail for mail in server.taken if "AGB" in str([part.get_filename() for part in mail.iter_attachments()])
    ]
    assert len(server.taken) == 2
    assert with_terms == server.taken[:1]
