"""Run the waker: python3 -m ankunft_waker SOCKET PHP_FOLDER IDLE_SECONDS (see ankunft-waker.service)."""

import asyncio
import logging
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path

from ankunft_waker.doors import Doors
from ankunft_waker.idle import end_idle
from ankunft_waker.relay import answer
from ankunft_waker.units import Units
from ankunft_waker.waker import Waker

WATCHDOG_S = 10.0


def notify(state: str) -> None:
    """Tell systemd the service's *state* (sd_notify(3)); outside of a unit do nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), address.replace("@", "\0", 1))


async def keep_alive() -> None:
    """Show the watchdog, for ever, that the loop turns."""
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(WATCHDOG_S)


def listen_at(path: Path) -> socket.socket:
    """Return a listening socket that the unit's group may connect to, in place of an earlier one."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o660)
    listener.listen(1024)
    return listener


async def serve(listener: socket.socket, waker: Waker, idle_s: float) -> None:
    """Answer nginx until SIGTERM; requests that are under way are finished."""
    requests: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        requests.add(task)
        task.add_done_callback(requests.discard)
        await answer(waker, reader, writer)

    server = await asyncio.start_unix_server(take, sock=listener, backlog=1024)
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    standing = [asyncio.create_task(keep_alive()), asyncio.create_task(end_idle(waker, idle_s))]
    for task in standing:
        task.add_done_callback(partial(_ended, ending))
    notify("READY=1")
    await ending.wait()
    notify("STOPPING=1")
    server.close()
    for task in standing:
        task.cancel()
    await asyncio.gather(*standing, *requests, return_exceptions=True)


def _ended(ending: asyncio.Event, task: asyncio.Task[None]) -> None:
    """A task that stands for ever ended: say why, and end the program, so that systemd starts it anew."""
    if not task.cancelled() and (error := task.exception()):
        logging.getLogger(__name__).critical("the waker is broken", exc_info=error)
        ending.set()


def main(listen: str, folder: str, idle_s: str) -> None:
    """Begin where an earlier waker ended, and serve."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    waker = Waker(Doors(Path(folder)), Units())
    waker.recover()
    asyncio.run(serve(listen_at(Path(listen)), waker, float(idle_s)))


if __name__ == "__main__":
    main(*sys.argv[1:])
