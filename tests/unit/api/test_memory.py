"""A process that holds the master key keeps its memory to itself, also from the confined reader that it starts."""

import ctypes
import subprocess
import sys

from api.equipment import equip
from api.memory import PR_SET_DUMPABLE
from api.settings import Settings

PR_GET_DUMPABLE = 3

PARENT = """
import ctypes, os, sys
from api.activation.contracts.scan import confine
from api.memory import PR_SET_DUMPABLE, keep_to_itself

libc = ctypes.CDLL(None, use_errno=True)
secret = ctypes.create_string_buffer(b"the master key of this house: 32", 32)
if os.geteuid() == 0:
    os.setuid(65534)
libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after a start by systemd
keep_to_itself()

class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

child = os.fork()
if child == 0:
    found = ctypes.create_string_buffer(32)
    ours, theirs = Span(ctypes.addressof(found), 32), Span(ctypes.addressof(secret), 32)
    confine(5)
    read = libc.process_vm_readv(os.getppid(), ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    os._exit(0 if read == -1 and ctypes.get_errno() == 1 and found.raw == bytes(32) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_confined_reader_cannot_read_the_memory_of_who_started_it() -> None:
    ended = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, check=False, timeout=30)
    assert ended.returncode == 0, ended.stderr


def test_who_reads_the_master_key_keeps_its_memory_to_itself_from_then_on(settings: Settings) -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    equip(settings).hashing.shutdown()
    assert libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
