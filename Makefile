# Two commands on a fresh machine: `make demo` and `make test`. Both make their own virtual environment first.
PYTHON ?= python3.11
BIN := .venv/bin
# Root needs no sudo, and a container may not have it.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: demo test lab bench build
demo: .venv/ready system
	$(BIN)/autograder build
	$(BIN)/autograder demo

test: .venv/ready system
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/autograder build --check
	$(BIN)/autograder check --all
	$(BIN)/python -m pytest

lab: .venv/ready
	$(BIN)/jupyter lab notebooks

bench: .venv/ready
	$(BIN)/python tests/bench.py

build: .venv/ready
	$(BIN)/autograder build

.venv/ready: pyproject.toml
	@echo "Setting up a virtual environment in .venv (once; a few minutes, about 2 GB) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --progress-bar on -e ".[test]"
	touch $@

# The sandbox is a Debian package; so is the browser that looks at the pages in the tests.
.PHONY: system
system:
	@command -v bwrap >/dev/null || { echo "Installing bubblewrap, the sandbox ..."; $(SUDO) apt-get update -q && $(SUDO) apt-get install -yq bubblewrap; }
