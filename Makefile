# Two commands on a fresh machine: `make demo` and `make test`. Both make their own virtual environment first.
PYTHON ?= python3.11
BIN := .venv/bin
# Root needs no sudo, and a container may not have it.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# $(call installed,COMMAND,PACKAGE): install a Debian package unless its command is there.
installed = command -v $(1) >/dev/null || { echo "Installing $(2) ..."; $(SUDO) apt-get update -q && $(SUDO) apt-get install -yq $(2); }
# torchvision's wheel does not fit torch's CPU build everywhere; see tests/environment/sitecustomize.py.
REMEDY := PYTHONPATH="$(CURDIR)/tests/environment$${PYTHONPATH:+:$$PYTHONPATH}"

.PHONY: demo test test-all lab bench build sandbox browser

demo: .venv/ready sandbox
	$(REMEDY) $(BIN)/autograder build
	$(BIN)/autograder demo

# `test` has something of everything; `test-all`, which CI runs, has everything.
test: CHOSEN := -m "not long"
# One worker a core; a file's tests stay together, because they share what is slow to make.
test test-all: .venv/ready sandbox browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/autograder build --check
	$(BIN)/autograder check --all
	$(BIN)/python -m pytest -n 2 --dist loadfile $(CHOSEN)

lab: .venv/ready
	$(BIN)/jupyter lab notebooks

bench: .venv/ready
	$(BIN)/python tests/bench.py

build: .venv/ready
	$(REMEDY) $(BIN)/autograder build

.venv/ready: pyproject.toml
	@echo "Setting up a virtual environment in .venv (once; a few minutes, about 2 GB) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -e ".[test]"
	touch $@

sandbox:
	@$(call installed,bwrap,bubblewrap)

# The tests look at the pages with it.
browser:
	@$(call installed,chromium,chromium)
