"""The lab's SMS gateway keeps what apprise sends, number and text."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import apprise
import pytest

FILE = Path(__file__).resolve().parents[3] / "playbooks/roles/lab_control/files/sms_gateway.py"


@pytest.fixture(scope="module")
def gateway() -> ModuleType:
    specification = importlib.util.spec_from_file_location("sms_gateway", FILE)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def server(gateway: ModuleType, tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    gateway.Gateway.file = tmp_path / "sms.jsonl"
    with ThreadingHTTPServer(("127.0.0.1", 0), gateway.Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


# apprise asks the standard library for a module that Python 3.13 drops.
@pytest.mark.filterwarnings("ignore:.imghdr. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("number", ["+4915112345678", "%2B4915112345678"])
def test_a_message_is_one_line_with_number_and_text(
    server: ThreadingHTTPServer, gateway: ModuleType, number: str
) -> None:
    sender = apprise.Apprise()
    sender.add(f"json://127.0.0.1:{server.server_port}/{number}")
    assert sender.notify(body="Ihr Code ist 123456. Grüße")
    (line,) = gateway.Gateway.file.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"to": "+4915112345678", "text": "Ihr Code ist 123456. Grüße"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"message": ""}', b"no json"])
def test_what_is_no_message_is_refused(gateway: ModuleType, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        gateway.line_of("/+4915112345678", body)
