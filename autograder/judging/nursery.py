"""A process that has imported what judging needs. Workers begin as copies of it: to import takes longer than to judge.

`preload` starts it, `Nursery` is the coordinator's end, `main` the program. It reads no submission; a worker that dies is no
loss to the others.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading

from autograder.sandbox import template

MOST = 64 * 1024  # bytes of a request

_started, _one_at_a_time = [], threading.Lock()


def preload():
    """Start the process, unless there is one that lives; returns the Nursery."""
    with _one_at_a_time:
        if not (_started and _started[-1].lives()):
            _started.append(Nursery())
        return _started[-1]


def stop():
    """End all that this process has started, and their workers."""
    while _started:
        _started.pop().stop()


class Nursery:
    """The process, seen from the coordinator (or from a process of a cluster)."""

    def __init__(self):
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # A session of its own: Ctrl-C in the terminal is the coordinator's affair. Small tensors are slower on two threads.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-c", "from autograder.judging.nursery import main; main()"]
        with theirs:
            self.process = subprocess.Popen(
                command, stdin=theirs, stdout=subprocess.DEVNULL, start_new_session=True, env=environment
            )

    def lives(self):
        """Whether it can be asked for a worker."""
        looking = select.poll()
        looking.register(self._requests, 0)
        return not looking.poll(0)  # it would say that the other end is closed

    def worker(self):
        """A line (a socket) to a new worker, which ends when the line does. The template that runs here is the worker's, too."""
        line, theirs = socket.socketpair()
        shared = template.running()
        with theirs:
            files = [theirs.fileno(), *([shared.fileno()] if shared else [])]
            with contextlib.suppress(OSError):  # it has ended: then so has the line, and whoever uses it finds out
                socket.send_fds(self._requests, [json.dumps(shared.modules if shared else ()).encode()], files)
        return line

    def stop(self):
        """End it and all workers. Their children, and the kernels of these, end with them."""
        self._requests.close()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def main():
    """Import, and answer requests until the coordinator has ended."""
    requests = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # nobody's print gets lost
    from autograder.judging.worker import import_all, serve

    import_all()
    gc.collect()
    gc.freeze()  # copies need no page of their own only to count references
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for workers: the line tells when one has ended
    while True:
        message, files, _, _ = socket.recv_fds(requests, MOST, 2)
        if not message:
            return
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            requests.close()
            if files[1:]:
                template.share(json.loads(message), socket.socket(fileno=files[1]))
            serve(files[0])
            os._exit(0)
        for file in files:
            os.close(file)
