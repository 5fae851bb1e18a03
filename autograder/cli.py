"""The command line. Each command is one sentence about what it does; the work is done elsewhere."""

import locale
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from autograder.course import Course, CourseError, StoppedError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
new = typer.Typer(no_args_is_help=True, help="Begin a course of your own, or another assignment in it.")
app.add_typer(new, name="new")
console = Console()
AN_ASSIGNMENT = (
    "An assignment is a folder there with a notebook of the same name: 01-first/01-first.py or 01-first/01-first.ipynb. "
    "`autograder new assignment 01-first` writes one."
)
Assignments = Annotated[list[str] | None, typer.Argument(help="Assignment ids; all if none is named.", show_default=False)]
LOOK = 3  # exit code: all is graded that can be, and somebody must look at some of it
LOCALE = "C.UTF-8"  # the kit's texts and paths are UTF-8, and programs that it calls ask the locale
UNPROTECTED = "Run submissions as yourself, without protection. Every report says so."
AS_IPYNB = "Write an .ipynb in place of a text notebook."
WITH_TORCH = "An example with PyTorch (the extra `torch`); else with NumPy."
NoSandbox = Annotated[bool, typer.Option("--no-sandbox", help=UNPROTECTED)]


def _version(asked):
    if asked:
        console.print(f"mnist-course-kit {version('mnist-course-kit')}", highlight=False)
        raise typer.Exit


@app.callback()
def autograder(
    version: Annotated[bool, typer.Option("--version", help="Say which it is.", callback=_version, is_eager=True)] = False,
):
    """Build, check and grade a course."""


@app.command()
def build(
    assignments: Assignments = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; name what is not current, exit 1 if any.")] = False,
    rerun: Annotated[bool, typer.Option("--rerun", help="Execute the solutions anew, current or not.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Move what you edited or added there to grading/set-aside/.")] = False,
):
    """Make notebooks/ (the student release) and solutions/ (executed) from source/."""
    from autograder import build as builder

    course, chosen = _course(assignments)
    if check:
        found = builder.stale(course, chosen)
    else:
        with _progress() as bar:
            task = bar.add_task("building", total=len(chosen))

            def advance(assignment):
                bar.update(task, advance=1, description=assignment)
                if not console.is_terminal:  # in a file the bar is shown once, at the end
                    console.print(f"built {assignment}", soft_wrap=True)

            found = builder.build(course, chosen, rerun=rerun, force=force, advance=advance)
    would = {"made": "missing", "changed": "stale", "deleted": "to be deleted"} if check else {}
    for change in found:
        aside = f", now in {change.aside}" if change.aside else ""
        console.print(f"{would.get(change.what, change.what)}: {change.path}{aside}", soft_wrap=True, markup=False)
    if left := [change for change in found if change.left]:
        raise CourseError(
            f"{len(left)} files in notebooks/ and solutions/ were edited or added by hand, and are left alone. An assignment is "
            "not built where it would overwrite one. Move them, or let `autograder build --force` move them into grading/."
        )
    if check and found:
        raise CourseError("Run `autograder build` and commit what changes.")
    console.print(f"{len(found)} files changed." if found else f"All generated files of {len(chosen)} assignments are current.")


@app.command()
def grade(
    assignments: Assignments = None,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be given several times.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many submissions at a time; one a core if not given.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Judge on the Dask cluster with the scheduler at this address.")] = None,
    regrade: Annotated[bool, typer.Option("--regrade", help="Judge all anew, and say who gains and who loses what.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --regrade: say it, and change no grade.")] = False,
    no_sandbox: NoSandbox = False,
):
    """Grade grading/submitted/<student>/<assignment>/ and write grades, verdicts and feedback.

    Only what has changed is judged; after a stop, the same command goes on.
    """
    from autograder.judging import nursery

    if dry_run and not regrade:
        raise CourseError("--dry-run belongs to --regrade.")
    course, chosen = _course(assignments)
    if not scheduler:
        nursery.preload()  # it imports what judging needs while this process imports what grading needs
    from autograder import grading

    found = grading.submissions(course, chosen, student)
    if missing := sorted(set(student or ()) - {s.student for s in found}):
        raise CourseError(f"There is nothing of {missing[0]!r} in {course.submitted}/<student>/<assignment>/.")
    before = [grading.read_verdict(course, s.assignment, s.student) for s in found] if regrade else []
    verdicts = _grade(
        course, found, no_sandbox, jobs=jobs, scheduler=scheduler, anew=regrade and not dry_run, published=not dry_run
    )
    if regrade:
        changes = grading.changes(before, verdicts)
        console.print(changes or "Nobody gains or loses points.")
    _end(verdicts, [] if assignments or student else grading.strays(course))


@app.command()
def watch(
    per_hour: Annotated[int, typer.Option(min=1, help="How many submissions of one student are judged within an hour.")] = 6,
    no_sandbox: NoSandbox = False,
):
    """Judge what students submit through nbgrader's exchange, and release the feedback there, until Ctrl-C."""
    from autograder.exchange.watch import Watch

    course, _ = _course(None)
    watch = Watch(course, per_hour, sandboxed=not no_sandbox, say=lambda text: console.print(Text(text), soft_wrap=True))
    console.print(Text(watch.greeting()), soft_wrap=True)
    try:
        watch.run(os.cpu_count())
    except KeyboardInterrupt:
        console.print("Stopped. What waits is judged when you run this again.")
        raise typer.Exit(130) from None


@app.command()
def demo(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="Assignment ids; two if none is named.", show_default=False)
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every assignment.")] = False,
    no_sandbox: NoSandbox = False,
):
    """Make a sample class of twelve, grade it end to end, and show what a class looks like."""
    from autograder import sample_class
    from autograder.report import write_report

    course, chosen = _course(assignments)
    sample = sample_class.make(course, chosen if assignments or all_ else chosen[: sample_class.AT_FIRST])
    _grade(sample.course, sample.submissions, no_sandbox)
    console.print("Look at:")
    report, *_ = write_report(sample.course, sample.course.assignments)
    for label, path in {"what the class did": report, **sample.paths}.items():
        console.print(f"  {label}: {path}", soft_wrap=True)


@app.command()
def lab():
    """Open JupyterLab in work/, your own folder: filled from notebooks/ once, never written over."""
    from autograder import lab as folder

    course, _ = _course(None)
    for sentence in folder.fill(course, course.root / "work"):
        print(sentence)
    sys.stdout.flush()  # JupyterLab takes this process's place
    os.chdir(course.root)  # where it finds nbgrader_config.py
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", "work", "--allow-root"])  # who is root in a container, too


@app.command()
def check(
    assignments: Assignments = None,
    all_: Annotated[bool, typer.Option("--all", help="Every assignment; the same as naming none.")] = False,
):
    """Test the hidden checks themselves: every recorded mistake rejected and named, every alternative accepted."""
    from autograder.checks import proof

    course, chosen = _course(None if all_ else assignments)
    raise typer.Exit(0 if proof.check(course, chosen, console=console) else 1)


@new.command("course")
def new_course(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.", show_default=False)],
    ipynb: Annotated[bool, typer.Option("--ipynb", help=AS_IPYNB)] = False,
    torch: Annotated[bool, typer.Option("--torch", help=WITH_TORCH)] = False,
):
    """Write a course with one assignment that runs."""
    from autograder import new as writer

    for path in writer.new_course(folder, ipynb, torch):
        _say(str(path))
    _say(f"Next: cd {folder}, then autograder build")


@new.command("assignment")
def new_assignment(
    name: Annotated[str, typer.Argument(help="Such as 02-second.", show_default=False)],
    ipynb: Annotated[bool, typer.Option("--ipynb", help=AS_IPYNB)] = False,
    torch: Annotated[bool, typer.Option("--torch", help=WITH_TORCH)] = False,
):
    """Write an assignment with one exercise and its checks."""
    from autograder import new as writer

    course, _ = _course(None, empty=True)
    for path in writer.new_assignment(course, name, ipynb, torch):
        _say(str(path))
    _say(f"Next: autograder build {name}")


@app.command()
def bundle(assignments: Assignments = None):
    """Pack what students get into handout/: a zip file for each assignment and one for all, and requirements.txt."""
    from autograder import build as builder
    from autograder.handout import bundle as pack

    course, chosen = _course(assignments)
    if builder.stale(course, chosen):
        raise CourseError("What is in notebooks/ is older than its source. Run `autograder build` first.")
    for path, size in pack(course, chosen).items():
        _say(f"{path.relative_to(course.root)} ({size / 1000:.0f} kB)")


@app.command()
def collect(
    path: Annotated[Path, typer.Argument(help="What the LMS gave you: a zip file, or a folder.", show_default=False)],
    assignment: Annotated[str | None, typer.Option(help="What notebooks are for whose cells do not say it.")] = None,
):
    """Take what Canvas, Moodle or a folder of files gave into grading/submitted/; every version is kept."""
    from autograder.lms.collect import collect as take
    from autograder.lms.collect import outcome

    course, _ = _course([assignment] if assignment else None)
    found = take(course, path, assignment)
    for file in found:
        whose = "  ".join(filter(None, [file.student, file.assignment]))
        _say(f"{whose or '?'}: {file.said} ({file.name})")
    _say(outcome(course, found))
    raise typer.Exit(LOOK if any(file.look for file in found) else 0)


@app.command()
def export(
    lms: Annotated[str, typer.Argument(help="canvas, moodle or csv.", show_default=False)],
    to: Annotated[str, typer.Option(help="The file; grading/grades-<lms>.csv if not given.", show_default=False)] = "",
):
    """Write the grades as Canvas or Moodle imports them, or as a table of everything."""
    from nbgrader.api import Gradebook

    from autograder import configuration
    from autograder.lms.export import PLUGINS

    if lms not in PLUGINS:
        raise CourseError(f"There is no export {lms!r}. There are: {', '.join(PLUGINS)}.")
    course, _ = _course(None)
    config = configuration.config(course.root)
    plugin = PLUGINS[lms](config=config, to=to)
    with configuration.quiet(plugin), Gradebook(config.CourseDirectory.db_url) as book:
        plugin.export(book)
    for sentence in plugin.said:
        _say(sentence)


@app.command("return")
def return_(assignments: Assignments = None):
    """Pack the feedback pages, one zip file per LMS and assignment, named so that each finds its student again."""
    from autograder.lms.handback import hand_back

    course, chosen = _course(assignments)
    graded = [a for a in chosen if assignments or any((course.grading / "feedback").glob(f"*/{a}/*.html"))]
    if not graded:
        raise CourseError("There are no pages yet. Run `autograder grade` first.")
    for assignment in graded:
        made = hand_back(course, assignment)
        for sentence in made.left_out:
            _say(sentence)
        for path, count in made.archives.items():
            _say(f"{path} (pages: {count})")


@app.command()
def report(assignments: Assignments = None):
    """Write grading/report/: what the class did, its mistakes by name, who needs a look; the same as tables."""
    from autograder.report import write_report

    course, chosen = _course(assignments)
    page, *tables = write_report(course, chosen)
    _say(f"{page} ({page.stat().st_size / 1000:.0f} kB), and {', '.join(table.name for table in tables)} beside it")


@app.command()
def learn(
    assignment: Annotated[str, typer.Argument(show_default=False)],
    group: Annotated[str, typer.Argument(help="As the report calls it.", show_default=False)],
    sentence: Annotated[str, typer.Argument(help="What students will read: the mistake and the remedy.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="You have read the function: do not ask.")] = False,
    no_sandbox: NoSandbox = False,
):
    """Record the mistake of a group in the report, prove it, and tell all who made it.

    The function that stands for the group is shown before: once recorded, it runs with your rights, outside the sandbox.
    """
    from autograder import report as reports
    from autograder.progress import GradingProgress

    course, _ = _course([assignment])
    found = reports.find(course, assignment, group)
    for line in found.representative.splitlines():
        _say(f"    {line}")
    _say("A student wrote this. Recorded, it runs with your rights, outside the sandbox, whenever this notebook is graded.")
    if not yes and not typer.confirm("Does it do nothing but compute? Record it?"):
        raise CourseError("Nothing was recorded.")
    with GradingProgress(console=console) as watcher:
        learned = reports.learn(course, assignment, found, sentence, sandboxed=not no_sandbox, watcher=watcher)
    told, all_ = learned.told, learned.group.students
    _say(f"Recorded and proven in {learned.file}. {len(told)} of {len(all_)} students read it now: {', '.join(told)}.")


def _grade(course, submissions, no_sandbox, **how):
    """Grade, show the table, and return the verdicts."""
    from autograder import grading
    from autograder.progress import GradingProgress

    if not submissions:
        raise CourseError(f"There is nothing to grade in {course.grading / 'submitted'}/<student>/<assignment>/.")
    with GradingProgress(console=console) as watcher:
        verdicts = grading.grade(course, submissions, sandboxed=not no_sandbox, watcher=watcher, **how)
    if no_sandbox:
        console.print("[bold]Graded without a sandbox: the students' code ran with your rights.[/bold]")
    late = grading.late_shares(course, {verdict.assignment for verdict in verdicts})
    console.print(grading.summary(verdicts, late))
    if board := grading.leaderboard(verdicts):
        console.print(board)
    return verdicts


def _say(sentence):
    """A line, whatever strangers wrote into it."""
    console.print(Text("".join(c if c.isprintable() else "?" for c in sentence)), soft_wrap=True)


def _end(verdicts, strays):
    """One line for each submission or stray that somebody must look at, and an exit code that says whether there is one."""
    from autograder.grading.summary import printable

    lines = [(v, flag) for v in verdicts for flag in ([*v.flags] if v.result else v.notes)]
    for verdict, flag in lines:
        console.print(f"look at {printable(verdict.student)}, {verdict.assignment}: {flag}", markup=False, soft_wrap=True)
    for path in strays:
        _say(f"look at {path}: it is no folder of an assignment, <student>/<assignment>/, and was passed over")
    raise typer.Exit(LOOK if lines or strays else 0)


def _course(assignments, empty=False):
    """The course around the working folder, and the assignments that were named (all if none was). empty: it may have none."""
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "source").is_dir()), None)
    if root is None:
        raise CourseError(
            f"There is no course here: neither {here} nor a folder above it has a folder source/. Go into your course's "
            "folder, or begin one with `autograder new course DIR`."
        )
    course = Course(root)
    if not course.assignments and not empty:
        raise CourseError(f"There is no assignment in {course.source}. {AN_ASSIGNMENT}")
    if unknown := sorted(set(assignments or ()) - set(course.assignments)):
        what = AN_ASSIGNMENT if (course.source / unknown[0]).is_dir() else f"There are: {', '.join(course.assignments)}."
        raise CourseError(f"There is no assignment {unknown[0]!r} in {course.source}. {what}")
    return course, assignments or course.assignments


def _progress():
    return Progress(
        TextColumn("{task.description:32}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def main():
    """Run a command; what a person has to mend is said in a sentence, without a traceback."""
    if locale.getencoding().lower() != "utf-8" and os.environ.get("LC_ALL") != LOCALE:
        os.environ["LC_ALL"] = LOCALE
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    try:
        app()
    except StoppedError as stopped:
        if stopped.total:
            rest = f"Run the same command again: it goes on with the other {stopped.total - stopped.done}."
            console.print(f"Stopped. {stopped.done} of {stopped.total} submissions are graded, and stay so. {rest}")
        else:
            console.print("Stopped before grading began. Nothing has changed.")
        sys.exit(130)
    except CourseError as error:
        _fail(error)
    except OSError as error:
        if error.filename is None:  # no file of a person's: a fault of ours
            raise
        _fail(f"{error.filename}: {error.strerror}. Mend this, and run the same command again.")


def _fail(said):
    Console(stderr=True, soft_wrap=True).print(Text("Error: ", style="bold red").append(str(said), style="not bold default"))
    sys.exit(1)
