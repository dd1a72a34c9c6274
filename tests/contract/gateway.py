"""Counterparts that an API process needs: an SMS gateway and an SMTP server that keep what they get."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@contextmanager
def sms_gateway(sink: Path, answers_after_s: float = 0) -> Iterator[str]:
    """Take messages by HTTP as apprise's `json://` sends them, into *sink*; yield the URL for the settings."""

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            line = json.dumps({"to": self.path.strip("/").removeprefix("%2B"), "text": body["message"]})
            with sink.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            time.sleep(answers_after_s)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"json://127.0.0.1:{server.server_port}/{{phone}}"
        server.shutdown()
        thread.join()
