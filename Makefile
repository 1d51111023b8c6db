# Needs Python 3.11 or newer with venv, make and git; everything else is fetched into $(VENV).
#   make test PYTHON=python3.13      another interpreter (`make clean` forgets the old one)
#   make test ARGS="-k fabric -x"    arguments for pytest, or for benchmarks; ARGS="-n 0" tests in one process

VENV := .venv
BIN := $(VENV)/bin
PYTHON :=
ARGS :=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DELETE_ON_ERROR:
.PHONY: help demo test lint check wheel bench images check-images clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/installed  ## a zone goes dark: run topologies/az-outage.yaml
	$(BIN)/dcsim run topologies/az-outage.yaml

test: $(VENV)/installed-test  ## all tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: $(VENV)/installed-dev  ## ruff and strict mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test  ## what CI runs: lint, then all tests

wheel: $(VENV)/installed-dev  ## what would be published, in dist/
	rm -rf dist
	$(BIN)/python -m hatchling build --target wheel

bench: $(VENV)/installed-bench  ## measure against peers; exits 1 below a floor
	$(BIN)/python -m benchmarks $(ARGS)

images: $(VENV)/installed-images  ## rebuild the guest images and their digests from source, then check them
	$(BIN)/python -m hypervisor.firmware.build
	$(MAKE) --no-print-directory check-images

check-images: $(VENV)/installed-images  ## do the committed guest images come from the committed sources?
	$(BIN)/python -m hypervisor.firmware.build --check

clean:  ## forget the environment and what tools left
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A stamp says that an environment is complete: an interrupted one is made anew, a complete one costs nothing.
$(VENV)/made:
	@set -e; tried=; for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14 python); do \
	    version=$$($$python -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null) || continue; \
	    tried="$$tried\n  $$python is $$version"; \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
	    $$python -c 'import ensurepip, venv' 2>/dev/null \
	        || { tried="$$tried without venv (on Debian: apt install python$$version-venv)"; continue; }; \
	    echo "$(VENV): Python $$version"; \
	    $$python -m venv --clear $(VENV); touch $@; exit 0; \
	done; \
	echo "dcsim needs Python 3.11 or newer with venv." >&2; \
	printf "Tried:$${tried:- nothing answered to $(or $(PYTHON),python3)}\n" >&2; \
	echo "Say which one to use: make PYTHON=/path/to/python3.11" >&2; exit 1

$(VENV)/installed: $(VENV)/made pyproject.toml
	$(PIP) install --editable .
	@touch $@

$(VENV)/installed-%: $(VENV)/made pyproject.toml
	$(PIP) install --editable '.[$*]'
	@touch $@
