"""A web browser: a page by its name, at the address that the name will resolve to."""

from dataclasses import dataclass
from http.client import HTTPConnection


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser got."""

    status: int
    text: str


def fetch(address: str, name: str, path: str = "/", *, timeout_s: float = 30) -> Page:
    """Return `http://name/path`, asked for at *address*."""
    connection = HTTPConnection(address, 80, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Host": name, "Accept-Encoding": "identity"})
        response = connection.getresponse()
        return Page(response.status, response.read().decode("utf-8", "replace"))
    finally:
        connection.close()
