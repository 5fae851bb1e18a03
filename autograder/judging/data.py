"""The image data that notebooks read while they are graded. The sandbox has no network and cannot write to the data folder."""

import configparser
import os
import subprocess
import sys
from pathlib import Path

from autograder.course import CourseError


def data_folder():
    """fastai's data folder on this machine, or None if there is none yet.

    The same rule as fastai.data.external.fastai_cfg (https://docs.fast.ai/data.external.html), without importing fastai.
    """
    home = Path(os.environ.get("FASTAI_HOME", "~/.fastai")).expanduser()
    config = configparser.ConfigParser()
    config.read(home / "config.ini")
    folder = home / config.get("DEFAULT", "data", fallback="data")
    return folder if folder.is_dir() else None


# Of a helper with the notebooks' `load`; another course's may do without images.
LOAD = "import course; data = course.load(); data.train(); print('\\n' + course.check_folder(data))"


def prepare_data(course, assignments):
    """Let the notebooks' own helper find, download and decode the images once, outside the sandbox.

    The helper is the released one, which the instructor wrote; its messages go to the terminal.
    Returns: a digest of the images, or "" if the course has none. Raises: CourseError if the images cannot be used.
    """
    folder = next((course.release / a for a in assignments if (course.release / a / "course.py").exists()), None)
    if folder is None:
        return ""
    # What it downloads is for everybody: where root grades, the sandbox is another user.
    loaded = subprocess.run([sys.executable, "-c", LOAD], cwd=folder, capture_output=True, text=True, umask=0o022)
    if loaded.returncode:
        raise CourseError(
            f"The notebooks cannot read their data. {(loaded.stderr.strip().splitlines() or ['It was stopped.'])[-1]}"
        )
    if os.geteuid() == 0 and (images := data_folder()):
        require_readable(images)
    *said, digest = loaded.stdout.splitlines()
    print("\n".join(said).strip(), end="\n" if any(said) else "")
    return digest


def require_readable(folder):
    """Where root grades, the sandbox is another user, who must be able to read the images. Raises: CourseError."""
    for path in (folder, *folder.iterdir()):
        if not path.stat().st_mode & 0o004:
            raise CourseError(f"Root's sandbox runs as another user, who cannot read {path}. Run: chmod -R go+rX '{folder}'")
