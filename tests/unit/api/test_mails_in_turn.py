"""What is told of one order arrives in the order in which it happened."""

from functools import partial

import pytest

from api.domains.drivers import Sandbox
from api.equipment import Equipment
from api.notices import delivery
from api.notices.facts import Sources
from api.shop.page import order_page
from tests.unit.api.domaindesk import active, office
from tests.unit.api.mailserver import mail_server, mailing_to
from tests.unit.api.orderform import new_name

pytestmark = pytest.mark.usefixtures("database")


async def test_no_state_of_a_domain_is_told_before_the_one_that_led_to_it(equipment: Equipment) -> None:
    names = [new_name() for _ in range(3)]
    for name in names:
        await active(equipment, name)
    await office(equipment, Sandbox()).work()
    with mail_server() as server:
        posting = mailing_to(equipment, server.port)
        await delivery.deliver_due(posting, Sources(partial(order_page, posting.settings)), "mail")
        subjects = [str(mail["Subject"]) for mail in server.taken]
    for name in names:
        told = [subject for subject in subjects if name in subject]
        assert told == [f"{name}: die Registrierung ist beauftragt", f"Ihre Domain {name} ist da"]
