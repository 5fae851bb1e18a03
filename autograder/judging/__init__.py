"""One submission, from its bytes to a result: a pure task. What handles a student's work runs in a child with limits.

The coordinator that hands out tasks and publishes results is autograder/grading; nothing here knows of it.
"""
