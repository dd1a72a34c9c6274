"""The services end within seconds when they are asked to, whoever waits for an answer."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from base64 import b64encode
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.signing import sign_request
from tests.contract.process import Api, free_port
from tests.customer.patience import wait_for


def test_a_waiting_agent_does_not_keep_the_api_from_ending(api: Api, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    key = enrolled(api, "waiting1")
    environment = os.environ | {
        "ANKUNFT_CONFIG": str(api.config),
        "ANKUNFT_HTTP_PORT": str(port),
        "ANKUNFT_HTTP_AGENT_URL": url,
        "ANKUNFT_LEASES_LONG_POLL_S": "25",
    }
    program = Path(sys.executable).with_name("ankunft")
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            wait_for("the second API answers", lambda: answers(url), timeout_s=30, every_s=0.1)
            statuses: list[int] = []
            waiting = threading.Thread(target=lambda: statuses.append(ask_for_work(url, "waiting1", key)))
            waiting.start()
            time.sleep(1)
            assert statuses == []
            asked = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
            assert time.monotonic() - asked < 5
            waiting.join()
            assert statuses == [204]
        finally:
            process.kill()


def enrolled(api: Api, host: str) -> Ed25519PrivateKey:
    """Let *host* in, as staff and its courier do together; return its key."""
    key = Ed25519PrivateKey.generate()
    token = json.loads(api.run("host", "add", host, "--json"))["token"]
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    form = {"host": host, "token": token, "public_key": public}
    assert httpx.post(f"{api.url}/agent/v1/enrol", json=form, trust_env=False).status_code == 202
    api.run("host", "approve", host)
    return key


def ask_for_work(url: str, host: str, key: Ed25519PrivateKey) -> int:
    """Ask as a courier does; return the status of the answer."""
    with httpx.Client(trust_env=False, timeout=40) as http:
        body = json.dumps({"digest": None, "wait_s": 25, "capacity": 1}).encode()
        headers = {"Content-Type": "application/json"}
        request = http.build_request("POST", f"{url}/agent/v1/work", content=body, headers=headers)
        sign_request(request, body, host, key)
        return http.send(request).status_code


def answers(url: str) -> bool:
    """Return whether anybody answers there."""
    try:
        return httpx.get(f"{url}/health/live", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
