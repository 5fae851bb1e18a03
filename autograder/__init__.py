"""The course kit: build notebooks from their source, check functions, grade submissions in a sandbox."""

import sys

# nbformat loads jsonschema, which would compile the grammar of web addresses while it is imported: a second in every process of
# ours, half of what nbgrader takes to start. Nothing here checks addresses, and jsonschema does without.
sys.modules.setdefault("rfc3987_syntax", None)
