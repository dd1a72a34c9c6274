"""A mailer that is killed in the middle of an SMTP conversation: the next one sends, under the same Message-ID."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from aiosmtpd.smtp import Envelope

from api.equipment import Equipment
from api.notices.delivery import HELD_FOR
from api.notices.tables import Outbox
from tests.contract.process import ROOT, SETTINGS, free_port
from tests.unit.api.mailserver import MailServer, mail_server
from tests.unit.api.orderform import placed

pytestmark = pytest.mark.slow

MAILS = 3


class Killer:
    """Kills a process at one moment of the conversation, once."""

    def __init__(self, server: MailServer, moment: str) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        hooks = {"MAIL": "say_to_sender", "RCPT": "say_to_recipient", "DATA": "say"}
        setattr(server, hooks[moment], self._strike)

    def _strike(self, _: Envelope) -> str:
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)
            self.process = None
        return "250 OK"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA"])
async def test_every_mail_arrives_whenever_the_mailer_is_killed(
    database: str, equipment: Equipment, server: MailServer, tmp_path: Path, moment: str
) -> None:
    for _ in range(MAILS):
        await placed(equipment)
    ids = {row["message_id"] for row in await Outbox.select(Outbox.message_id)}
    killer = Killer(server, moment)
    with worker(tmp_path, database, equipment, server.port) as first:
        killer.process = first
        await until(lambda: first.poll() is not None)
        assert first.returncode == -signal.SIGKILL
    held = await Outbox.select().where(Outbox.state == "QUEUED", Outbox.tries > 0)
    assert held, "what it had in its hands is neither lost nor taken for sent"
    assert all(row["not_before"] - datetime.now(UTC) <= HELD_FOR for row in held)
    await Outbox.update({Outbox.not_before: datetime.now(UTC)}).where(Outbox.state == "QUEUED")
    with worker(tmp_path, database, equipment, server.port):
        await until(lambda: ids <= received(server).keys())
        await until_sent()
    times = received(server)
    assert {message: times[message] for message in ids if times[message] > 1}.keys() <= {
        row["message_id"] for row in held
    }, "only what was under way comes twice"
    if moment == "DATA":
        assert max(times[message] for message in ids) == 2, "the text had arrived before the kill, and comes again"
    else:
        assert set(times.values()) == {1}


def received(server: MailServer) -> Counter[str]:
    """Return how often each mail came, by the first half of its Message-ID."""
    return Counter(str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in server.taken)


@contextmanager
def worker(folder: Path, url: str, equipment: Equipment, smtp_port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `ankunft work` on the test's database until the block ends."""
    config, unused = folder / "ankunft.toml", free_port()
    config.write_text(
        SETTINGS.format(
            folder=folder, root=ROOT, port=unused, smtp_port=smtp_port, lease_s=30, sms_url="json://127.0.0.1/{phone}"
        ),
        encoding="utf-8",
    )
    variables = {
        "ANKUNFT_CONFIG": str(config),
        "ANKUNFT_DATABASE_URL": url,
        "ANKUNFT_KEYS_FOLDER": str(equipment.settings.keys.folder),
    }
    program = Path(sys.executable).with_name("ankunft")
    with (folder / "work.log").open("ab") as log:
        process = subprocess.Popen([program, "work"], env=os.environ | variables, stdout=log, stderr=log, cwd=ROOT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)


async def until(done: Callable[[], bool], timeout_s: float = 40) -> None:
    """Wait for what happens in other processes."""
    with anyio.fail_after(timeout_s):
        while not done():  # noqa: ASYNC110 (what is waited for happens in another process)
            await anyio.sleep(0.05)


async def until_sent(timeout_s: float = 40) -> None:
    with anyio.fail_after(timeout_s):
        while await Outbox.exists().where(Outbox.state != "SENT"):  # noqa: ASYNC110 (as above)
            await anyio.sleep(0.1)
