"""For mkdocs: what lies beside the code that it is about is a page of the site as well, and links to it lead to the page."""

import re

from mkdocs.structure.files import File

BESIDE_THE_CODE = {"exercises.md": "autograder/checks/README.md", "attacks.md": "tests/attacks/README.md"}


def on_files(files, config):
    """mkdocs asks which pages there are."""
    for page, path in BESIDE_THE_CODE.items():
        files.append(File.generated(config, page, abs_src_path=path))
    return files


def on_page_markdown(markdown, **_):
    """mkdocs has read a page."""
    for page, path in BESIDE_THE_CODE.items():
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(path)}\)", f"]({page})", markdown)
    return markdown
