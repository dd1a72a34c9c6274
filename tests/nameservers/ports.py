"""Ports of this machine that nobody listens on."""

import socket


def free_ports(address: str, many: int) -> list[int]:
    """Return ports of *address* that are free for TCP and UDP just now."""
    found: list[int] = []
    while len(found) < many:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((address, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((address, port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
