"""The page that greets whoever comes before the customer uploaded one of his own.

It is placed once, as the customer, and never again: a customer who removed it does not want it. All text that
goes into it is escaped here, at the only place that writes it.
"""

from __future__ import annotations

import html
import os
import string
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .change import Change
from .customer import as_customer
from .errors import RefusedError
from .host import Host
from .job import Account

NAME = "index.html"
_SPOKEN = {"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"}


def readable(name: str) -> str:
    """Return a domain as its readers know it (U-labels, RFC 3492), an unreadable label as it is.

    Only letters, marks, digits and hyphens are shown: nothing that is invisible or turns the direction.
    """
    return ".".join(_readable_label(label) for label in name.split("."))


def _readable_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        text = label.removeprefix("xn--").encode().decode("punycode")
    except UnicodeError:
        return label
    return text if all(c == "-" or unicodedata.category(c) in _SPOKEN for c in text) else label


def render(template: str, account: Account) -> bytes:
    """Fill *template* ($domain, $account), each value escaped for HTML.

    Raises:
        RefusedError: the template asks for something else.
    """
    domain = account.domains[0].name if account.domains else account.technical_name
    values = {"domain": html.escape(readable(domain)), "account": html.escape(account.name)}
    try:
        return string.Template(template).substitute(values).encode()
    except (KeyError, ValueError) as error:
        raise RefusedError(f"the start page's template is wrong at {error}; it may use $domain and $account") from None


def start_page(host: Host, account: Account, template: str) -> Iterator[Change]:
    """Have a start page, unless something of its name is there already."""
    folder = host.accounts / account.name / "public"
    content = render(template, account)
    yield Change(
        f"{folder / NAME}", "", "the start page", lambda: as_customer(account, lambda: _place(folder, content))
    )


def _place(folder: Path, content: bytes) -> None:
    """Write the page beside its place and link it in, so that it appears whole or not at all, and replaces nothing."""
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    new = f".{NAME}.new"
    with suppress(FileNotFoundError):
        os.unlink(new, dir_fd=inside)
    page = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=inside)
    with open(page, "wb") as file:  # noqa: PTH123 -- of a descriptor, which Path cannot open
        os.fchmod(page, 0o644)
        file.write(content)
        file.flush()
        os.fsync(page)
    with suppress(FileExistsError):
        os.link(new, NAME, src_dir_fd=inside, dst_dir_fd=inside)
    os.unlink(new, dir_fd=inside)
    os.close(inside)
