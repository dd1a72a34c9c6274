"""`ankunft domain`: what staff read of a domain, and of what registries said."""

from pathlib import Path

import pytest

from api.domains.registrar import News, Reason, Refused
from api.equipment import Equipment
from tests.unit.api.domaindesk import Told, moving, office
from tests.unit.api.test_risk_commands import ankunft, told, written_config

pytestmark = pytest.mark.slow

NAME = "xn--mller-sohn-beispiel-59b.com"


@pytest.fixture
def config(tmp_path: Path, database: str) -> Path:
    """Settings of the test's database."""
    return written_config(tmp_path, database)


async def test_all_of_a_domain_is_shown_with_what_its_registry_takes(config: Path, equipment: Equipment) -> None:
    await moving(equipment, NAME, "aB&<+/9x")
    await office(equipment, Told(Refused(Reason.WRONG_AUTH_CODE, "Invalid authorization information"))).work()
    said = await ankunft(config, "domain", "show", "müller-sohn-beispiel.com")
    assert f"müller-sohn-beispiel.com ({NAME}): transfer, REFUSED" in said
    assert "Verisign: transfer 10.00, renewal 10.00 a year, net; transfers are pending; auth codes: 6 to 64" in said
    assert "aB&" not in said
    shown = await told(config, "domain", "show", NAME)
    assert shown["registry"]["periods_years"] == list(range(1, 11))
    assert "no order names this domain" in await ankunft(config, "domain", "show", "nobody.de", exit_code=1)


async def test_messages_that_wait_for_a_person_are_listed_and_noted(config: Path, equipment: Equipment) -> None:
    registrar = Told()
    message = registrar.hear(News.OTHER, None, text="Wartungsfenster")
    await office(equipment, registrar).work()
    assert "Wartungsfenster" in await ankunft(config, "domain", "messages", "--unclear")
    assert "seen to" in await ankunft(config, "domain", "noted", message.id)
    assert await told(config, "domain", "messages", "--unclear") == []
    (noted,) = await told(config, "domain", "messages")
    assert noted["message_id"] == message.id
    await ankunft(config, "domain", "noted", message.id, exit_code=1)
