"""How much a submitted notebook may use: the one place where this is decided."""

from dataclasses import dataclass

MB = 1024**2


@dataclass(frozen=True)
class Limits:
    """What one sandbox may use. Sizes in bytes, times in seconds.

    The defaults suit a laptop with two free cores and 8 GB that also runs a browser; a solution notebook of this course
    needs a third of each.
    """

    # --- for the whole sandbox -----------------------------------------------------------------------------------------
    start_seconds: int = 180  # wall time until the kernel is ready and torch is loaded: two on a machine with nothing else to do
    notebook_seconds: float = 180  # wall time from start to end: twelve times what a solution takes while it is graded
    total_memory: int = 3072 * MB  # all processes together: two sandboxes fit beside a browser
    tmp_size: int = 256 * MB  # each of home, /tmp and /dev/shm, which live in memory: room for a model or a few pictures
    files: int = 20_000  # in each of them; a file takes memory beside its content, which only some machines can count
    output: int = 32 * MB  # everything sent to the grader: a million printed lines are 7 MB, a picture 0.05 MB
    message: int = 16 * MB  # one message, that is one output or one piece of evidence: 2 million float64
    # --- for one cell --------------------------------------------------------------------------------------------------
    cell_seconds: int = 30  # wall time, nbgrader's own default; then the cell is interrupted and the next one runs
    case_seconds: int = 10  # wall time of one hidden case: a solution needs milliseconds
    # --- for one process, enforced by the kernel of the operating system ------------------------------------------------
    memory: int = 2048 * MB  # data and stacks: the training images as float32 are 188 MB. Past it: MemoryError in the cell
    processes: int = 64  # processes and threads together: torch, numpy and Jupyter need about 20 with two threads
    open_files: int = 512  # half of the usual 1024
    file_size: int = 128 * MB  # half of the folder it lies in; also bounds what a log can grow to
    cpu_seconds: int = 360  # both cores for the whole notebook: binds only for a process that outlives its clock
    threads: int = 2  # of torch and numpy: the same on every machine, since the order of a sum changes its last digits
    # --- for judging one submission, outside the sandbox: reading it, comparing, writing its page ------------------------
    judging_seconds: float = 480  # wall time of all: the notebook may run twice
    judging_cpu_seconds: int = 120  # ten times what a submission full of mistakes takes
    judging_memory: int = 1024 * MB  # beyond what the worker has when it begins
