"""nbgrader's own steps between exchange and course, made safe against what others put into the exchange."""

import functools
import os
import pwd
import re
import shutil
import stat
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import ignore_patterns

from autograder.course import CourseError
from autograder.grading.submission import SECRET, TIMESTAMP, read_timestamp

SHARED = Path("/usr/local/share/nbgrader/exchange")  # nbgrader's own place, for a machine with many users
MOST_FILES, DEEPEST = 2_000, 20  # of a submission; an honest one has a notebook, a helper's folder and some pictures
ODD_NAME = re.compile(r"[*?\[\]/]|^[\s.]|\s$")  # of a student: a pattern, or another folder


def configure_exchange(c, course):
    """Course id and exchange: the folder's name; nbgrader's place if that is there, else one for a single user below grading/."""
    c.CourseDirectory.course_id = re.sub(r"[^\w.-]+", "-", course.root.name)
    c.Exchange.root = str(SHARED if SHARED.is_dir() else course.grading / "exchange")
    c.Exchange.assignment_dir = str(course.root / "work")  # `autograder lab` opens it
    c.ExchangeFactory.collect = CourseCollect
    c.ExchangeFactory.release_feedback = CourseReleaseFeedback


class CourseCollect(ExchangeCollect):
    """nbgrader's collect, for an exchange in which anybody may put anything.

    `passed_over`: sentences about what was left where it is. A folder counts for its owner alone (nbgrader only warns), unless
    c.ExchangeCollect.check_owner is off; a time that cannot be read, or a folder that cannot be copied, does not stop the others;
    links stay links, as nbgrader would copy what they lead to with the instructor's rights, such as a solution.
    """

    def init_src(self):
        self.passed_over = []
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]

    def _path_to_record(self, path):
        nobodys = {"username": None, "filename": os.path.basename(path), "timestamp": datetime.min}
        try:
            record = super()._path_to_record(path)
            about = os.lstat(path)
        except (ValueError, OverflowError, OSError) as error:
            return self._pass_over(nobodys, f"cannot be read ({error})")
        if not stat.S_ISDIR(about.st_mode):
            return self._pass_over(nobodys, "is no folder")
        if ODD_NAME.search(record["username"]) or not record["username"].isprintable():
            return self._pass_over(nobodys, "does not begin with a student's id")
        if self.check_owner and (owner := _user(about.st_uid)) != record["username"]:
            return self._pass_over(nobodys, f"belongs to {owner}, who is not {record['username']}")
        return record

    def _pass_over(self, record, why):
        self.passed_over.append(f"{record['filename']!r} in the exchange was not collected: it {why}.")
        self.log.warning(self.passed_over[-1])
        return record

    def copy_files(self):
        for record in self.src_records:
            self.src_records, rules = [record], self.coursedir
            before = rules.format_path(rules.submitted_directory, record["username"], rules.assignment_id)
            try:
                if read_timestamp(before) is None:  # nbgrader reads it, too, and ends where it is no time
                    Path(before, TIMESTAMP).unlink(missing_ok=True)
                super().copy_files()
            except (CourseError, OSError) as error:
                self._pass_over(record, f"cannot be copied ({error})")

    def do_copy(self, src, dest, log=None):
        """Copy a submission; where that fails, there is nothing at `dest`, and not a part of it."""
        _refuse_sprawling(src, 1000 * self.coursedir.max_dir_size)
        part = os.path.join(os.path.dirname(dest), f".{os.path.basename(dest)}.part")
        shutil.rmtree(part, ignore_errors=True)
        rules = self.coursedir
        ignore = ignore_patterns(rules.ignore, rules.include, rules.max_file_size, self.log)
        copy = functools.partial(_copy_file, owner=os.lstat(src).st_uid)
        shutil.copytree(src, part, symlinks=True, ignore=ignore, copy_function=copy)
        for folder, _, files in os.walk(part):  # students' folders come with rights for everybody
            os.chmod(folder, 0o2775 if rules.groupshared else 0o755)
            for path in (os.path.join(folder, name) for name in files):
                if rules.groupshared and not os.path.islink(path):
                    os.chmod(path, 0o664)
        os.rename(part, dest)


def _refuse_sprawling(folder, most):
    """Raise CourseError for a folder of more than `most` bytes, of very many files, or too deep to be walked through."""
    waiting, files, size = [(folder, 1)], 0, 0
    while waiting:
        path, depth = waiting.pop()
        for entry in os.scandir(path):
            files, size = files + 1, size + entry.stat(follow_symlinks=False).st_size
            if size > most:
                raise CourseError(f"it is larger than {most / 1000:,.0f} kB, c.CourseDirectory.max_dir_size")
            if files > MOST_FILES or depth > DEEPEST:
                raise CourseError(f"it has more than {MOST_FILES:,} files, or folders {DEEPEST} deep")
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, depth + 1))


def _user(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _copy_file(src, dest, owner):
    """Copy a regular file of the owner's; anything else is passed over, also if it takes the place of one at this moment."""
    with open(os.open(src, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        about = os.fstat(file.fileno())
        if stat.S_ISREG(about.st_mode) and about.st_uid == owner and about.st_nlink == 1:
            with open(dest, "wb") as copy:
                shutil.copyfileobj(file, copy)


class CourseReleaseFeedback(ExchangeReleaseFeedback):
    """nbgrader's release_feedback, also for a class of which some folders were put there by hand.

    `kept_back`: {student: a sentence on why their page was not released}.
    """

    def copy_files(self):
        self.kept_back = {}
        assignment = self.coursedir.assignment_id
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as book:
            graded = {s.student_id: s.timestamp for s in book.assignment_submissions(assignment)}
        for folder in Path(self.coursedir.root).glob(os.path.relpath(self.src_path, self.coursedir.root)):
            student = folder.parent.name
            submitted = Path(self.coursedir.format_path(self.coursedir.submitted_directory, student, assignment))
            if not (secret := read_secret(submitted)):
                self._keep_back(student, f"It did not come through the exchange; hand over {folder} yourself.")
            elif read_timestamp(submitted) != graded.get(student):
                self._keep_back(student, "A newer submission was collected since. Grade it first: `autograder grade`.")
            else:
                (folder / SECRET).write_text(secret)
                (folder / TIMESTAMP).write_text(f"{graded[student]} UTC\n")
        before = self.coursedir.student_id_exclude
        self.coursedir.student_id_exclude = ",".join(filter(None, [before, *self.kept_back]))
        try:
            super().copy_files()
        finally:
            self.coursedir.student_id_exclude = before

    def _keep_back(self, student, why):
        self.kept_back[student] = f"The page of {student} for {self.coursedir.assignment_id} was not released. {why}"
        self.log.warning(self.kept_back[student])


def read_secret(folder):
    """The secret of a submission, or None if its file is not there or no small regular file."""
    try:
        with open(os.open(Path(folder, SECRET), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(1000).decode() if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except (OSError, UnicodeDecodeError):
        return None
