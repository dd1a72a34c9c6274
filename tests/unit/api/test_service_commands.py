"""`ankunft billing end`, `resume` and `change-tariff`: what they show first, what they do, and what they refuse."""

from functools import partial
from pathlib import Path

import idna
import msgspec
import pytest

from api.activation.changed import domains_changed
from api.billing.tables import Service, ServiceEntry
from api.domains import decisions
from api.equipment import Equipment
from api.provisioning.tables import Account, Job
from api.tables import Journal, Order
from tests.unit.api.issued import STAFF, TODAY, accepted, hoster
from tests.unit.api.test_billing_commands import SELLER
from tests.unit.api.test_risk_commands import ankunft, told, written_config

pytestmark = pytest.mark.slow

DAY = f"{TODAY}"


@pytest.fixture
def config(tmp_path: Path, database: str) -> Path:
    """Settings of the test's database; the keys are those of `settings`."""
    file = written_config(tmp_path, database)
    file.write_text(file.read_text() + SELLER)
    return file


async def charged() -> int:
    """Return what the ledger comes to, in cents."""
    return sum(await ServiceEntry.select(ServiceEntry.gross_cents).output(as_list=True))


async def test_an_end_shows_what_it_gives_back_and_asks(equipment: Equipment, config: Path) -> None:
    await accepted(hoster(equipment))
    end = ("billing", "end", "500001", "--on", DAY)
    assert "Aborted" in await ankunft(config, *end, typed="n\n", exit_code=1)
    assert await charged() == 399
    assert not await Journal.exists().where(Journal.event == "SERVICES_ENDED"), "looking leaves nothing"
    shown = await ankunft(config, *end, typed="y\n")
    assert "3 services end: 3.99 € are given back" in shown
    assert f"not charged any more from {DAY} on" in shown
    assert await charged() == 0
    assert "nothing is changed" in await ankunft(config, *end, "--yes", exit_code=1)
    assert "charged again" in await ankunft(config, "billing", "resume", "500001", "--on", DAY)
    assert await charged() == 399
    assert "nothing is changed" in await ankunft(config, "billing", "resume", "500001", "--on", DAY, exit_code=1)
    assert await Journal.count().where(Journal.event.is_in(["SERVICES_ENDED", "SERVICES_RESUMED"])) == 2


async def test_an_end_of_one_domain_takes_either_spelling_and_refuses_another(
    equipment: Equipment, config: Path
) -> None:
    here, name = hoster(equipment), idna.encode("müller-befehl.de").decode()
    await accepted(here, name)
    await decisions.vouch(name, partial(domains_changed, here), actor=STAFF)
    end = ("billing", "end", "500001", "--on", DAY, "--yes", "--domain")
    assert "nothing is changed" in await ankunft(config, *end, "tpyo.de", exit_code=1)
    said = await told(config, *end, "Müller-Befehl.de")
    assert said == {"order": 500_001, "ends_on": DAY, "domain": name}
    assert await Service.select(Service.item).where(Service.ends_on.is_not_null()) == [{"item": name}]
    assert "no domain name" in await ankunft(config, *end, "-..-", exit_code=2)


async def test_a_tariff_is_changed_after_a_look_and_the_account_follows(equipment: Equipment, config: Path) -> None:
    await accepted(hoster(equipment))
    change = ("billing", "change-tariff", "500001", "plus", "--on", DAY)
    shown = await ankunft(config, *change, typed="y\n")
    assert "price_cents: 399 → 799" in shown
    assert "3.99 € are given back" in shown
    assert "7.99 € are charged at once" in shown
    assert await charged() == 799
    (order,) = await Order.select()
    assert (order["tariff"], order["tariff_version"]) == ("plus", 1)
    (account,) = await Account.select()
    assert msgspec.json.decode(account["limits"])["mailboxes"] == 50
    assert await Job.count() == 1, "the account's first job carries it"
    assert await Journal.count().where(Journal.event == "TARIFF_CHANGED") == 1
    assert "already" in await ankunft(config, *change, exit_code=1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("7", "plus"), "no order 7"),
        (("500001", "golden"), "no tariff on offer"),
        (("500001", "start"), "already"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(
    equipment: Equipment, config: Path, change: tuple[str, str], said: str
) -> None:
    await accepted(hoster(equipment))
    assert said in await ankunft(config, "billing", "change-tariff", *change, "--on", DAY, "--yes", exit_code=1)
    assert await charged() == 399


async def test_a_contract_that_ended_or_holds_more_domains_does_not_change(equipment: Equipment, config: Path) -> None:
    await accepted(hoster(equipment), *(f"viele-{n}.de" for n in range(4)), tariff="plus")
    back = ("billing", "change-tariff", "500001", "start", "--on", DAY, "--yes")
    assert "has 4 domains" in await ankunft(config, *back, exit_code=1)
    await accepted(hoster(equipment))
    await ankunft(config, "billing", "end", "500002", "--on", DAY, "--yes")
    change = ("billing", "change-tariff", "500002", "plus", "--on", DAY, "--yes")
    assert "nothing is changed" in await ankunft(config, *change, exit_code=1)
    assert {row["tariff"] for row in await Order.select().where(Order.number == 500_002)} == {"start"}
