# Two commands on a fresh machine: `make demo` and `make test`. Both make their own virtual environment first.
BIN := .venv/bin
# torchvision's wheel does not fit torch's CPU build everywhere; see tests/environment/sitecustomize.py.
REMEDY := PYTHONPATH="$(CURDIR)/tests/environment$${PYTHONPATH:+:$$PYTHONPATH}"
# Texts and paths are UTF-8, whatever the locale; Python's own UTF-8 mode is not enough, as alembic asks the locale.
export LC_ALL := C.UTF-8

.PHONY: demo test test-all lab bench bench-grading build

demo: .venv/ready
	@.ci/programs bubblewrap
	$(REMEDY) $(BIN)/autograder build
	$(BIN)/autograder demo

# `test` has something of everything; `test-all`, which CI runs, has everything.
test: CHOSEN := -m "not long"
test-all: PROGRAMS := postgresql
# Three workers also on two cores: a third of the time a test waits, for a browser, a server or a kernel that hangs.
# A file's tests go to one worker, all but the longest runs of whole notebooks to whoever is free: see tests/conftest.py.
test test-all: .venv/ready
	@.ci/programs bubblewrap chromium $(PROGRAMS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/autograder build --check
	$(BIN)/autograder check --all
	@command -v bwrap >/dev/null || { echo "The other tests grade, and need bubblewrap."; exit 1; }
	$(BIN)/python -m pytest -n 3 --no-loadscope-reorder $(CHOSEN)

lab: .venv/ready
	$(BIN)/autograder lab

bench: .venv/ready
	$(BIN)/python tests/bench.py

bench-grading: .venv/ready
	@.ci/programs bubblewrap
	$(BIN)/python tests/bench_grading.py

build: .venv/ready
	$(REMEDY) $(BIN)/autograder build

# umask: where root grades, the sandbox is another user, who has to read this.
# torch by name: else pip reads fastai's wish for any torch first, and loads half a gigabyte of the newest to throw it away.
.venv/ready: pyproject.toml
	@python="$(PYTHON)"; python=$${python:-$$(.ci/python)} && umask 022 && \
	echo "Setting up a virtual environment in .venv with $$python (once; a few minutes, about 2 GB) ..." && \
	"$$python" -m venv .venv && \
	$(BIN)/python -m pip install -e ".[test,torch]" && \
	touch $@
