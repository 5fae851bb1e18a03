"""The system calls that a sandbox refuses, as a filter for bubblewrap.

They reserve memory that no limit counts, or reach parts of the operating system's kernel that no notebook needs and that ways
out of sandboxes have led through. To a program it looks as if the kernel were built without them.
"""

import errno
import platform
import struct

# linux/audit.h; the numbers of the calls are those of asm/unistd_64.h and asm-generic/unistd.h.
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
}
OTHER_ABI = 0x40000000  # x86_64 has every call once more from this number on
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # of linux/bpf_common.h
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOSYS  # of linux/seccomp.h


def program(machine=None):
    """The filter as bytes (an array of struct sock_filter), or None for a machine whose numbers are not known here."""
    machine = machine or platform.machine()
    if machine not in ARCHITECTURE:
        return None
    column = list(ARCHITECTURE).index(machine)
    tests = [(AT_LEAST, OTHER_ABI), *((EQUAL, numbers[column]) for numbers in REFUSED.values())]
    # (code, steps to skip if true, if false, value); the last two lines allow and refuse.
    lines = [(LOAD, 0, 0, 4), (EQUAL, 0, len(tests) + 2, ARCHITECTURE[machine]), (LOAD, 0, 0, 0)]
    lines += [(code, len(tests) - i, 0, value) for i, (code, value) in enumerate(tests)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
