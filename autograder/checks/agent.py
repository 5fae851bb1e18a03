"""The part of a check that runs beside the student's functions.

`answer` evaluates one expression in their namespace and sends back what came of it. It is sent to the student's kernel,
behind messages.py in one program, so it imports nothing else of ours. Nothing it says is trusted: evaluate.py reads the reply.
"""

import ast
import contextlib
import functools
import linecache
import math
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy
import psutil

from .messages import GENERATOR, MOST_NAME, MOST_NAMES, TENSOR, Encoder, carried, decode, pack, torch, unpack

if torch:
    from torch.utils._python_dispatch import TorchDispatchMode, _push_mode
else:
    TorchDispatchMode = contextlib.ExitStack

TICK = 0.01  # seconds by which a timer may be early
AGAIN = 1.0  # seconds after which a timer that was not heard rings again; nobody takes so long to stop
OPERATION = 30  # lines of Python that take as long as one operation of torch
MOST_MEMORY = 2**29  # bytes that an edited function may ask for; `11 ** labels` in place of `11 * labels` asks for 19 GB
ELSEWHERE = ("multiprocessing", "subprocess", "joblib")  # libraries that let other processes work
DEEP = ("scipy", "sklearn")  # libraries whose functions are noted whoever calls them
# Where folders of hidden files are made: in memory on both sides, as a sandbox has nothing else. The order in which a function
# that does not sort finds the files, by which a recorded mistake is recognised, differs between file systems.
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
SPARE = numpy.random.MT19937(0)  # stands in for NumPy's own: to copy that and put it back takes longer than a small case


def same(a, b):
    """Whether an input is still what it was, bit by bit."""
    if isinstance(a, TENSOR) and isinstance(b, TENSOR):
        return a.shape == b.shape and a.dtype == b.dtype and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
    if isinstance(a, numpy.ndarray) and isinstance(b, numpy.ndarray):
        return a.dtype == b.dtype and numpy.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (numpy.random.Generator, Path, GENERATOR)):
        return type(a) is type(b)
    return type(a) is type(b) and (a == b or (a != a and b != b))


def central_differences(loss, inputs, step=1e-6):
    """The gradient of the scalar `loss(*inputs)` by central differences, in the form of `inputs` (tensors or lists of them)."""

    def walk(tree, rebuild):
        if isinstance(tree, list | tuple):
            return [walk(v, lambda new, i=i: rebuild([*tree[:i], new, *tree[i + 1 :]])) for i, v in enumerate(tree)]
        copy = "copy" if isinstance(tree, numpy.ndarray) else "clone"
        slopes = getattr(tree, copy)()
        for i in range(math.prod(tree.shape)):
            ends = []
            for sign in (1, -1):
                moved = getattr(tree, copy)()
                moved.reshape(-1)[i] += sign * step
                ends.append(float(loss(*rebuild(moved))))
            slopes.reshape(-1)[i] = (ends[0] - ends[1]) / (2 * step)
        return slopes

    return walk(list(inputs), lambda new: new)


def random_states():
    """Something of each global random state that is another once anybody has drawn from it; this itself draws from NumPy's."""
    return {
        "torch": torch.get_rng_state().numpy().tobytes() if torch else b"",
        "numpy": numpy.random.random_sample(),
        "random": random.getstate(),
    }


@contextlib.contextmanager
def seeded(seed, touched):
    """Set the three global random states, so that even a function that draws from them gives the same again; note in
    `touched` which were used, and put them back (but for the second of two normal numbers, which NumPy keeps in store)."""
    before = torch and torch.get_rng_state(), numpy.random.get_bit_generator(), random.getstate()
    numpy.random.set_bit_generator(SPARE)
    if torch:
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also ask each kind of accelerator
    numpy.random.seed(seed % 2**32)
    random.seed(seed)
    start = random_states()
    numpy.random.seed(seed % 2**32)
    try:
        yield
    finally:
        now = random_states()
        touched += [name for name in now if now[name] != start[name]]
        if torch:
            torch.set_rng_state(before[0])
        numpy.random.set_bit_generator(before[1])
        random.setstate(before[2])


@contextlib.contextmanager
def folders():
    """Gives a function that makes empty folders, which are gone afterwards, and a list of where they were."""
    made = []

    def new_folder():
        made.append(tempfile.mkdtemp(dir=IN_MEMORY))
        return Path(made[-1])

    try:
        yield new_folder, made
    finally:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


class Watching(TorchDispatchMode):
    """Notes what is done while it is entered, by this thread and by those that it starts.

    used: operations that torch dispatched, functions of libraries that the student's code called, and "autograd", "complex",
    "threads". calls: how often each function of the student's own was called; "*": how many operations torch dispatched.
    With `counting`, counts: how often each operation was dispatched and each instruction of the student's code was executed.
    lines: of the student's code that may be executed before OutOfTime is raised, an operation of torch for OPERATION of them;
    None: all.
    """

    def __init__(self, namespace, counting, lines=None):
        super().__init__()
        self.namespace, self.counting, self.lines = namespace, counting, lines
        self.used, self.calls = set(), Counter()
        # By id: to hash a function of torch's, or a code, takes longer than all else that is done for it.
        self.operations, self.met = {}, {}  # {id: operation}, {id of a code of a library's: (code, module, whether it is noted)}
        self.counted = defaultdict(Counter)  # by thread: two that add to one number can lose one

    @classmethod
    def _should_skip_dynamo(cls):
        """Nothing here is compiled; to guard against it torch would load its compiler, which takes a second."""
        return False

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.operations[id(function)] = function
        self.calls["*"] += 1
        if self.lines is not None:
            self.spend(OPERATION)
        if torch._C._current_autograd_node() is not None:
            self.used.add("autograd")
        if self.counting:
            self.counted[threading.get_ident()][str(function)] += 1
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.is_complex():
            self.used.add("complex")
        return result

    def trace(self, frame, event, argument):
        """For each call, some of them for each operation of torch: what costs a microsecond here is seen in a class's bill."""
        follow = self.before and self.before(frame, event, argument)
        if frame.f_globals is self.namespace:
            self.calls[frame.f_code.co_name] += 1
            frame.f_trace_opcodes, frame.f_trace_lines = self.counting, self.lines is not None
            return self.instruction
        code, module, noted = self.met.get(id(frame.f_code)) or self.meet(frame)
        if not noted and frame.f_back and frame.f_back.f_globals is self.namespace:
            self.met[id(code)] = code, module, True
            if module.partition(".")[0] in ELSEWHERE:
                self.used.add("threads")
        return follow

    def meet(self, frame):
        module = str(frame.f_globals.get("__name__"))
        found = self.met[id(frame.f_code)] = frame.f_code, module, module.partition(".")[0] in DEEP
        return found

    def trace_thread(self, frame, event, argument):
        """The first call in another thread."""
        self.used.add("threads")
        if torch:
            _push_mode(self)  # the modes of torch are each thread's own
        sys.settrace(self.trace)
        return self.trace(frame, event, argument)

    def instruction(self, frame, event, argument):
        if event == "opcode":
            code = frame.f_code
            self.counted[threading.get_ident()][f"{code.co_name} {code.co_firstlineno} {frame.f_lasti}"] += 1
        elif event == "line":
            self.spend(1)
        elif event == "return" and any(map(is_complex, (argument, *frame.f_locals.values()))):
            self.used.add("complex")
        return self.instruction

    def spend(self, lines):
        """Count lines, where they are limited. Raises OutOfTime."""
        self.lines -= lines
        if self.lines < 0:
            raise OutOfTime

    def __enter__(self):
        self.before, self.before_in_threads = sys.gettrace(), threading.gettrace()
        if helpers(self.namespace):
            self.used.add("threads")
        super().__enter__()
        sys.settrace(self.trace)
        threading.settrace(self.trace_thread)
        return self

    def __exit__(self, *error):
        sys.settrace(self.before)
        threading.settrace(self.before_in_threads)
        if helpers(self.namespace):
            self.used.add("threads")
        return super().__exit__(*error)

    def unwatched(self, function):
        """The value of a function without arguments that is no part of what is watched."""
        self.__exit__(None, None, None)
        try:
            return function()
        finally:
            self.__enter__()

    def report(self):
        """What was noted, as plain values."""
        used = {f"{module}.{code.co_qualname}"[:MOST_NAME] for code, module, noted in self.met.values() if noted}
        used.update(map(str, [*self.used, *self.operations.values()]))
        calls = dict(self.calls.most_common(MOST_NAMES))
        return {"used": sorted(used)[:MOST_NAMES], "calls": calls, "counts": sum(self.counted.values(), Counter())}


def is_complex(value):
    """Whether a value of Python's or NumPy's is complex; torch tells of its own."""
    return isinstance(value, complex | numpy.complexfloating) or (isinstance(value, numpy.ndarray) and value.dtype.kind == "c")


def helpers(namespace):
    """Whether pools of threads or processes, or threads with a function of the student's, stand ready: they would work unseen."""
    pools, processes = (sys.modules.get(name) for name in ("concurrent.futures.thread", "multiprocessing.process"))
    working = [getattr(thread, "_target", None) or thread.run for thread in threading.enumerate()]
    own = any(getattr(getattr(f, "func", f), "__globals__", None) is namespace for f in working)  # also in a `partial`
    return own or bool(pools and pools._threads_queues) or bool(processes and processes._children)


def describe_error(error, namespace, hidden):
    """Type, message (without the names of hidden folders) and, where it happened in the student's own code, the line."""
    line = None
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_globals is namespace:
            code = trace.tb_frame.f_code
            text = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            line = {"number": trace.tb_lineno, "text": text[:200], "function": code.co_name[:100]}
        trace = trace.tb_next
    message = str(error)[:1000]
    for folder in hidden:
        message = message.replace(folder, "...")
    return {"type": type(error).__name__[:100], "message": message[:300], "line": line}


def evaluate(code, scope):
    """Run statements; the value of the last one, an expression, is the result."""
    statements, last = compiled(code)
    exec(statements, scope)
    return eval(last, scope)


@functools.lru_cache
def compiled(code):
    """Statements but for the last one, and that one, an expression; many edits are asked the same."""
    *statements, last = ast.parse(code).body
    return compile(ast.Module(statements, []), "<check>", "exec"), compile(ast.Expression(last.value), "<check>", "eval")


class OutOfTime(BaseException):
    """Not an Exception, so that code under test does not take it for one of its own."""


@contextlib.contextmanager
def limited_memory():
    """More than `MOST_MEMORY` on top of what this process has cannot be had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most if soft == resource.RLIM_INFINITY else min(soft, most), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextlib.contextmanager
def limited_time(seconds):
    """Raise OutOfTime after so many seconds of this process's CPU time, and AGAIN: in a destructor an exception is lost."""

    def stop(*_):
        raise OutOfTime

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def answers(request, sources, seconds, most, lines, namespace):
    """The replies to one request, with each of `sources` executed in `namespace` in turn, as one packed message.

    It stops after `seconds` of CPU time; a source that cannot be executed, or takes more than `most`, or more than so many lines
    of the student's code (None: any number), has no reply. Afterwards the namespace is as it was.
    """
    replies, start, left = {}, time.process_time(), seconds
    with limited_memory(), warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # Python's doubts about an edit are of no interest
        for number, source in enumerate(sources):
            kept = dict(namespace)
            try:
                with limited_time(min(left, most)):
                    exec(compile(source, "<edited>", "exec"), namespace)
                    replies[str(number)] = carried(numpy.frombuffer(bytearray(answer(request, namespace, lines)), numpy.uint8))
            except (Exception, OutOfTime):
                replies.pop(str(number), None)
            finally:
                for name in namespace.keys() - kept.keys():
                    del namespace[name]
                namespace.update(kept)
            left = seconds - (time.process_time() - start)
            if left < TICK:
                break
    return pack({"seconds": time.process_time() - start}, replies)


def answer(request, namespace, lines=None):
    """Evaluate a request's code in a copy of `namespace`; request and reply are packed messages. lines: see `Watching`.

    The request: {"code", "inputs": [[name, tree]], "seed", "count"}. The reply: {"result": tree} or {"error": ...}, and
    {"changed": names of inputs, "touched": names of global random states} and what `Watching` reports.
    """
    message, tensors = unpack(request)
    reply, encoder, touched = {}, Encoder(), []
    if torch:
        torch.set_num_threads(1)  # `x[i] = y` with an index twice ends differently on two threads, from run to run
    with folders() as (new_folder, made), open(os.devnull, "w") as nowhere:
        inputs = {n: decode(t, tensors, new_folder) for n, t in message["inputs"]}
        watching = Watching(namespace, message["count"], lines)

        def differences(loss, inputs):
            return watching.unwatched(lambda: central_differences(loss, inputs))

        own = {"numpy": numpy, "central_differences": differences, "unwatched": watching.unwatched}
        own |= {"torch": torch} if torch else {}
        scope = {**namespace, **own, **inputs}
        try:
            with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with seeded(message["seed"], touched), watching:
                    result = evaluate(message["code"], scope)
                reply["result"] = encoder.encode(result)
        except (Exception, SystemExit) as error:
            encoder = Encoder()
            reply["error"] = describe_error(error, namespace, made)
    untouched = {n: decode(t, tensors) for n, t in message["inputs"]}
    reply["changed"] = [name for name in untouched if not same(untouched[name], inputs[name])]
    reply["touched"] = touched
    reply |= watching.report()
    return pack(reply, encoder.tensors)
