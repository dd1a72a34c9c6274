"""The published description is true: schemathesis calls what it says, with good and bad values."""

import subprocess
import sys

import httpx

from tests.contract.process import Api


def test_the_api_behaves_as_it_is_described(api: Api) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/openapi.json"),
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
            *("--max-examples", "12", "--seed", "1", "--workers", "1", "--no-color"),
            *("--header", f"Authorization: Bearer {api.staff_token}"),
        ],
        cwd=api.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


PROMISED = {
    "/api/v1/tariffs": {"get"},
    "/api/v1/orders": {"post"},
    "/api/v1/orders/{cart_id}": {"get"},
    "/api/v1/orders/{cart_id}/sms": {"post"},
    "/api/v1/orders/{cart_id}/sms/confirm": {"post"},
    "/api/v1/staff/carts/{cart_id}": {"get"},
    "/api/v1/staff/carts/{cart_id}/accept": {"post"},
    "/health/live": {"get"},
    "/health/ready": {"get"},
}
"""Calls that others build on."""


def test_the_description_is_openapi_3_1_and_knows_the_promised_calls(api: Api) -> None:
    description = httpx.get(f"{api.url}/openapi.json", trust_env=False).json()
    assert description["openapi"].startswith("3.1")
    missing = {path: methods - set(description["paths"].get(path, {})) for path, methods in PROMISED.items()}
    assert not any(missing.values()), missing


def test_the_agents_have_a_description_of_their_own(api: Api) -> None:
    description = httpx.get(f"{api.url}/agent/openapi.json", trust_env=False).json()
    assert description["paths"]
    assert all(path.startswith("/agent/v1/") for path in description["paths"])
