"""An SMS gateway that delivers into a file: POST /<number> with a JSON message, one JSON line per text.

    python sms_gateway.py ADDRESS PORT FILE

Stands where a real gateway would; apprise's json:// sends to it. Needs nothing but Python.
"""

import json
import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: More than any text message.
LIMIT = 64 * 1024


def line_of(path: str, body: bytes) -> bytes:
    """Return the line to keep for a message to the number in *path*.

    Raises:
        ValueError: the body is no JSON object with a text.
    """
    message = json.loads(body)
    text = message.get("message") if isinstance(message, dict) else None
    if not text:
        raise ValueError("a message is a JSON object with `message`")
    number = "+" + "".join(filter(str.isdigit, unquote(urlsplit(path).path)))
    return json.dumps({"to": number, "text": text}, ensure_ascii=False).encode() + b"\n"


class Gateway(BaseHTTPRequestHandler):
    """Takes messages from one sender in the lab."""

    file: Path

    def do_POST(self) -> None:
        """Keep one message; answer only when it is in the file."""
        length = int(self.headers.get("Content-Length", "0"))
        try:
            line = line_of(self.path, self.rfile.read(min(length, LIMIT)))
        except ValueError as error:
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))
            return
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main() -> None:
    """Serve until killed."""
    address, port, file = sys.argv[1:]
    Gateway.file = Path(file)
    ThreadingHTTPServer((address, int(port)), Gateway).serve_forever()


if __name__ == "__main__":
    main()
