"""`ansible-playbook` as the runner calls it: takes the accounts' locks, then has the warm Ansible do the run.

Written into the runner's own folder with a first line for Python without its libraries: it has to start in no time,
so it imports built-in modules only. Where no warm Ansible listens, or it is not warm for this version of the
playbooks, it becomes the real ansible-playbook. Exit code and signals are those of the run.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import fcntl
import posix
import sys
import time

BUSY = 75
"""An earlier run for one of the accounts is still at work (EX_TEMPFAIL)."""
CLOSE_ON_EXEC = 0o2000000
POLL_S = 0.05
STATUS_BYTES = 4
KILLED = 9
FORWARDED = (1, 2, 3, 15)


def variable(name: str) -> str:
    """Return a variable of the environment, empty if it is not set."""
    return posix.environ.get(name.encode(), b"").decode()


def locks(paths: list[str], wait_s: float) -> list[int]:
    """Take the locks, in one order everywhere; they are inherited, and end with the last process of the run."""
    taken = []
    end = time.monotonic() + wait_s
    for path in sorted(paths):
        descriptor = posix.open(path, posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW, 0o600)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    sys.exit(BUSY)
                time.sleep(POLL_S)
        taken.append(descriptor)
    return taken


def ask(address: str, descriptors: list[int]) -> "_socket.socket | None":
    """Hand the run over to the warm Ansible at *address*; None if it does not take it."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(address)
        texts = [posix.getcwd(), str(len(sys.argv)), *sys.argv]
        message = b"".join(text.encode(errors="surrogateescape") + b"\0" for text in texts)
        message += b"".join(name + b"=" + value + b"\0" for name, value in posix.environ.items())
        sent = b"".join(number.to_bytes(4, sys.byteorder) for number in descriptors)
        beside = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, sent)]
        connection.sendmsg([len(message).to_bytes(4, "big")], beside)
        connection.sendall(message)
        if connection.recv(1) == b"T":
            return connection
    except OSError:
        pass
    connection.close()
    return None


def follow(connection: "_socket.socket") -> None:
    """Wait for the end of the run and end like it; pass signals on meanwhile."""
    for number in FORWARDED:
        _signal.signal(number, lambda number, _frame: connection.send(bytes([number])))
    status = b""
    while len(status) < STATUS_BYTES:
        try:
            block = connection.recv(STATUS_BYTES - len(status))
        except OSError:
            block = b""
        if not block:
            status = (-KILLED).to_bytes(STATUS_BYTES, "big", signed=True)
            break
        status += block
    code = int.from_bytes(status, "big", signed=True)
    if code < 0:
        if -code != KILLED:
            _signal.signal(-code, _signal.SIG_DFL)
        posix.kill(posix.getpid(), -code)
    sys.exit(code)


def main() -> None:
    """Do the run, whoever does it."""
    paths = [path for path in variable("ANKUNFT_LOCKS").split(":") if path]
    held = locks(paths, float(variable("ANKUNFT_LOCK_WAIT_S") or "60"))
    address = variable("ANKUNFT_WARM")
    connection = ask(address, [0, 1, 2, *held]) if address else None
    if connection:
        follow(connection)
    for descriptor in held:
        posix.set_inheritable(descriptor, True)
    real = variable("ANKUNFT_PLAYBOOK")
    posix.execv(real, [real, *sys.argv[1:]])


if __name__ == "__main__":
    main()
