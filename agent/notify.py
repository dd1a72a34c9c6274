"""Words to systemd (sd_notify, watchdog); silence when nobody listens."""

from __future__ import annotations

import os
import socket


def tell(*words: str) -> None:
    """Send words like READY=1, STATUS=… or WATCHDOG=1, see sd_notify(3). A deaf systemd is no error."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.send("\n".join(word.replace("\n", " ") for word in words).encode(errors="replace"))
    except OSError:
        return
