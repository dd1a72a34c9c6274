"""A counterpart that speaks INWX's JSON-RPC as its documentation has it, with a book of its own and faults on order."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER, PASSWORD = "ankunft", "geheim & <sicher>"


def date(at: datetime) -> dict[str, Any]:
    """Return a time in the JSON form of an XML-RPC dateTime."""
    return {"scalar": at.strftime("%Y%m%dT%H:%M:%S"), "xmlrpc_type": "datetime", "timestamp": at.timestamp()}


@dataclass
class Book:
    """What the reseller knows."""

    contacts: list[dict[str, Any]] = field(default_factory=list)
    domains: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Name → auth code at another provider.
    elsewhere: dict[str, str] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    #: Method → "before" or "after" (the connection is dropped), or a result code.
    faults: dict[str, str | int] = field(default_factory=dict)
    #: What a create or transfer comes to at first.
    pending: bool = False
    logged_in: bool = False

    def tell(self, name: str, status: str, details: str = "") -> None:
        """Queue a message and write it into the log."""
        self.messages.append({
            "type": "DOMAIN", "id": len(self.calls) + 1000, "date": date(datetime.now(UTC)), "object": name,
            "status": status, "statusDetails": details,
        })  # fmt: skip
        self.note(name, status, details)

    def note(self, name: str, status: str, details: str = "") -> None:
        """Write a line of the log, the newest first."""
        line = {"domain": name, "status": status, "userText": details, "date": date(datetime.now(UTC))}
        self.log.insert(0, line)

    def answer(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Carry out a call."""
        self.calls.append((method, asked))
        if method == "account.login":
            self.logged_in = (asked["user"], asked["pass"]) == (USER, PASSWORD)
            return (
                {"code": 1000, "resData": {"tfa": "0"}}
                if self.logged_in
                else {"code": 2200, "msg": "Authentication error"}
            )
        if not self.logged_in:
            return {"code": 2002, "msg": "Command use error"}
        act = getattr(self, method.replace(".", "_"))
        done: dict[str, Any] = act(asked)
        return done

    def contact_create(self, asked: dict[str, Any]) -> dict[str, Any]:
        known = {name: value for name, value in asked.items() if name != "clTRID"}
        if known in self.contacts:
            return {"code": 1000, "resData": {"id": str(self.contacts.index(known) + 1)}}
        self.contacts.append(known)
        return {"code": 1000, "resData": {"id": len(self.contacts)}}

    def domain_check(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["domain"]
        free = int(name not in self.domains and name not in self.elsewhere)
        return {"code": 1000, "resData": {"domain": [{"domain": name, "avail": -1 if name == "x.down" else free}]}}

    def domain_create(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["domain"]
        if name in self.domains or name in self.elsewhere:
            return {"code": 2302, "msg": "Object exists"}
        return self._take(name, asked, "REG")

    def domain_transfer(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["domain"]
        if name not in self.elsewhere:
            return {"code": 2303, "msg": "Object does not exist"}
        if self.elsewhere[name] != asked["authCode"]:
            return {"code": 2202, "msg": "Invalid authorization information", "reason": f"code {asked['authCode']}"}
        return self._take(name, asked, "TRANSFER")

    def _take(self, name: str, asked: dict[str, Any], kind: str) -> dict[str, Any]:
        expires = date(datetime.now(UTC).replace(year=2030))
        self.domains[name] = {"domain": name, "roId": 42, "exDate": expires, "ns": asked["ns"], "status": "OK"}
        self.note(name, f"{kind} {'REQUESTED' if self.pending else 'SUCCESSFUL'}")
        return {"code": 1001 if self.pending else 1000, "svTRID": "INWX-1", "resData": {"roId": 42}}

    def domain_info(self, asked: dict[str, Any]) -> dict[str, Any]:
        known = self.domains.get(asked["domain"])
        return {"code": 1000, "resData": known} if known else {"code": 2303, "msg": "Object does not exist"}

    def domain_log(self, asked: dict[str, Any]) -> dict[str, Any]:
        lines = [line for line in self.log if line["domain"] == asked["domain"]]
        return {"code": 1000, "resData": {"count": len(lines), "domain": lines}}

    def domain_update(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.domains[asked["domain"]]["ns"] = asked["ns"]
        return {"code": 1000}

    def domain_transfercancel(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.note(asked["domain"], "TRANSFER CANCELED")
        return {"code": 1000}

    def dnssec_listkeys(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "code": 1000,
            "resData": {"dnskey": [key for key in self.keys if key["ownerName"] == asked["domainName"]]},
        }

    def dnssec_adddnskey(self, asked: dict[str, Any]) -> dict[str, Any]:
        tag, algorithm, kind, digest = asked["ds"].split()[3:]
        known = {"keyTag": tag, "algorithmId": algorithm, "digestTypeId": kind, "digest": digest}
        self.keys.append({"id": str(len(self.calls)), "ownerName": asked["domainName"], **known})
        return {"code": 1000, "resData": {"ds": asked["ds"]}}

    def dnssec_deletednskey(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.keys = [key for key in self.keys if key["id"] != asked["key"]]
        return {"code": 1000}

    def message_poll(self, _: dict[str, Any]) -> dict[str, Any]:
        if not self.messages:
            return {"code": 1300, "msg": "No messages"}
        return {"code": 1301, "resData": {"count": len(self.messages), "msg": self.messages[0]}}

    def message_ack(self, asked: dict[str, Any]) -> dict[str, Any]:
        before = len(self.messages)
        self.messages = [one for one in self.messages if one["id"] != asked["id"]]
        return {"code": 1000} if len(self.messages) < before else {"code": 2303, "msg": "Object does not exist"}


@contextmanager
def reseller() -> Iterator[tuple[Book, str]]:
    """Run the counterpart; yield its book and its address."""
    book = Book()

    class Counter(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/jsonrpc/"
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fault = book.faults.pop(asked["method"], None)
            if fault == "before":
                return
            answer = {"code": fault} if isinstance(fault, int) else book.answer(asked["method"], asked["params"])
            if fault == "after":
                return
            body = b"<html>no JSON</html>" if fault == "garbage" else json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Counter) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield book, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
