"""Progress that tells the truth: a live line in a terminal, a line every ten per cent where output goes to a file."""

import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from autograder.grading import Watcher

SHOWN = 2  # submissions named as running; more do not fit a line


def duration(seconds):
    """`75` as `1:15`."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


@dataclass
class GradingProgress(Watcher):
    """Done, running, waiting, failed and the time left of a run of grading. Use it as a context."""

    console: Console = field(default_factory=Console)

    def __enter__(self):
        columns = TextColumn("grading"), BarColumn(bar_width=20), TextColumn("{task.description}", markup=False)
        self.bar = Progress(*columns, console=self.console, transient=True)
        self.task = self.bar.add_task("getting ready ...", total=None)
        if self.console.is_terminal:
            self.bar.start()
        return self

    def __exit__(self, *error):
        self.bar.stop()

    def begin(self, total):
        """As Watcher asks."""
        super().begin(total)
        self.start, self.said, self.found = time.monotonic(), -1, None
        self.bar.update(self.task, total=total)

    def say(self, sentence):
        """As Watcher asks."""
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def tick(self):
        """As Watcher asks."""
        if self.found is None and self.running:  # what was graded before takes no time and says nothing about the rest
            self.found, self.start = self.done, time.monotonic()
        tenth = 10 * self.done // max(1, self.total)
        if self.console.is_terminal:
            self.bar.update(self.task, completed=self.done, description=self._line())
        elif tenth > self.said:
            self.console.print(f"grading: {self._line()}", markup=False, highlight=False, soft_wrap=True)
        self.said = max(self.said, tenth)

    def _line(self):
        running = [name for name in self.running if self.done < self.total]
        numbers = {
            "done": self.done - self.failed,
            "running": len(running),
            "waiting": self.total - self.done - len(running),
            "failed": self.failed,
        }
        line = ", ".join(f"{number} {what}" for what, number in numbers.items() if number or what == "done")
        if left := self._left():
            line += f", about {duration(left)} left"
        return f"{line} {' '.join(f'[{name}]' for name in running[:SHOWN])}".rstrip()

    def _left(self):
        judged = self.done - (self.found or 0)
        return (time.monotonic() - self.start) / judged * (self.total - self.done) if judged and self.found is not None else 0
