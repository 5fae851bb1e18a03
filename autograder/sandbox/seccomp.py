"""The system calls that a sandbox refuses, as a filter for bubblewrap.

They reserve memory that no limit of a process counts, or reach parts of the operating system's kernel that no notebook needs and
that ways out of sandboxes have led through. To a program it looks as if the kernel were built without them.
"""

import errno
import platform
import socket
import struct

# linux/audit.h; the numbers of the calls are those of asm/unistd_64.h and asm-generic/unistd.h.
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "syslog": (103, 116),
}
MMAP, SOCKET = (9, 222), (41, 198)
SHARED_ANONYMOUS = 0x21  # flags of mmap: pages that stay when nobody has them mapped (madvise), where no process is charged
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)  # vsock, for one, heeds no network namespace
OTHER_ABI = 0x40000000  # x86_64 has every call once more from this number on
CALL, MACHINE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; an argument has 8 bytes
LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # of linux/bpf_common.h
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOSYS  # of linux/seccomp.h


def program(machine=None):
    """The filter as bytes (an array of struct sock_filter), or None for a machine whose numbers are not known here."""
    machine = machine or platform.machine()
    if machine not in ARCHITECTURE:
        return None
    column = list(ARCHITECTURE).index(machine)
    refuse, allow = (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)
    # (code, steps to skip if true, if false, value)
    lines = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, ARCHITECTURE[machine]), refuse]
    lines += [(LOAD, 0, 0, CALL), (AT_LEAST, 0, 1, OTHER_ABI), refuse]
    for numbers in REFUSED.values():
        lines += [(EQUAL, 0, 1, numbers[column]), refuse]
    flags = [(LOAD, 0, 0, ARGUMENTS + 3 * 8), (AND, 0, 0, SHARED_ANONYMOUS), (EQUAL, 0, 1, SHARED_ANONYMOUS), refuse, allow]
    family = [(LOAD, 0, 0, ARGUMENTS), *((EQUAL, len(FAMILIES) - i, 0, value) for i, value in enumerate(FAMILIES)), refuse, allow]
    for number, then in ((MMAP[column], flags), (SOCKET[column], family)):
        lines += [(EQUAL, 0, len(then), number), *then]
    return b"".join(struct.pack("<HBBI", *line) for line in [*lines, allow])
