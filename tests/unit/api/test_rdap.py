"""RDAP: only a registry's own 404 means that a name is free; everything else is taken, or not known."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from api.catalogue import CatalogueError
from api.domains import rdap
from api.domains.rdap import Rdap
from api.domains.registrar import Availability

ANSWERS = {
    "vergeben.test": (200, {"objectClassName": "domain", "ldhName": "vergeben.test"}),
    "frei.test": (404, {"errorCode": 404}),
    "gedrosselt.test": (429, {}),
    "kaputt.test": (500, {}),
    "verboten.test": (403, {}),
    "unsinn.test": (200, None),
}


class Server(BaseHTTPRequestHandler):
    """An RDAP server that knows a few names, and is slow about one."""

    def do_GET(self) -> None:
        """Answer."""
        name = self.path.rpartition("/")[2]
        if name == "langsam.test":
            time.sleep(1)
        status, said = ANSWERS.get(name, (404, {}))
        self.send_response(status)
        self.send_header("Content-Type", "application/rdap+json")
        self.end_headers()
        self.wfile.write(b"no JSON" if said is None else json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Path]:
    """A list of servers with one of our own for .test, and one for .gone that nobody answers for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}/"
        made = tmp_path / "rdap.json"
        made.write_text(json.dumps({"services": [[["test"], [here]], [["gone"], ["http://127.0.0.1:9/"]]]}))
        yield made
        server.shutdown()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("vergeben.test", Availability.TAKEN),
        ("frei.test", Availability.AVAILABLE),
        ("gedrosselt.test", Availability.UNKNOWN),
        ("kaputt.test", Availability.UNKNOWN),
        ("verboten.test", Availability.UNKNOWN),
        ("unsinn.test", Availability.UNKNOWN),
        ("langsam.test", Availability.UNKNOWN),
        ("wer.gone", Availability.UNKNOWN),
        ("wer.unlisted", Availability.UNKNOWN),
    ],
)
async def test_only_a_clear_no_is_free(
    servers: Path, monkeypatch: pytest.MonkeyPatch, name: str, found: Availability
) -> None:
    monkeypatch.setattr(rdap, "WITHIN_S", 0.4)
    asked = Rdap(servers, allow_http=True)
    assert await asked.check(name) is found
    await asked.close()


def test_a_list_that_is_none_names_its_file(tmp_path: Path) -> None:
    for text in ("", "{}", '{"services": []}'):
        (tmp_path / "rdap.json").write_text(text)
        with pytest.raises(CatalogueError, match=r"rdap\.json"):
            Rdap(tmp_path / "rdap.json")
