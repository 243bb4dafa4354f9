# Two commands: `make demo` shows a whole shop on this machine, `make test` runs every check.
# Each one first installs what the machine lacks (provisioning/setup.sh), without asking anything.

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?=
ONCE ?=
export VENV PYTHON

BIN = $(VENV)/bin
SETUP = provisioning/setup.sh

.PHONY: help demo test check bench bench-peers soak hwlab lock wheel clean lint types imports

help:
	@echo 'make demo          a shop with simulated devices and a demo cloud, until Ctrl-C'
	@echo 'make demo ONCE=1   one whole evening without a person; exits 0 if every order ended where it should'
	@echo 'make test          every check: lint, types, imports, unit, contract, journey and browser tests'
	@echo 'make check         the fast part: no browser, no broker'
	@echo 'make bench         the benchmarks'
	@echo 'make bench-peers   a hand-over here beside the same at the peer that was measured'
	@echo 'make soak          faults again and again: schedules, kills, power cuts; one line at the end'
	@echo 'make hwlab         lamps, buttons, printer, cameras and scanners on an emulated Pi and a virtual PC (tests/hwlab/README.md)'
	@echo 'make wheel         the wheel for a device, in dist/'
	@echo 'make lock          resolve the dependencies anew'
	@echo 'make clean         remove what make made'

demo:
	@$(SETUP) demo
	@exec $(BIN)/tihuo demo $(if $(filter-out 0,$(ONCE)),--once)

test:
	@$(SETUP) test
	@$(MAKE) --no-print-directory lint types imports
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check:
	@$(SETUP) check
	@$(MAKE) --no-print-directory lint types imports
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not browser and not broker and not slow and not root'

bench:
	@$(SETUP) bench
	@$(BIN)/python -m tests.bench

bench-peers:
	@$(SETUP) bench
	@$(BIN)/python -m tests.bench.peers

soak:
	@$(SETUP) soak
	@$(BIN)/python -m tests.soak

hwlab:
	@$(SETUP) hwlab
	@$(BIN)/python -m tests.hwlab

lint:
	@$(BIN)/ruff check .

types:
	@$(BIN)/mypy

imports:
	@$(BIN)/lint-imports --no-logo

wheel:
	@$(SETUP) demo
	@$(BIN)/hatchling build -t wheel

# One resolution, written as the parts that each machine needs; the later files repeat the pins of the first.
UVFLAGS = --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock:
	@$(SETUP) check
	@set -e; lock() { out=$$1; shift; echo "locking $$out"; $(BIN)/uv pip compile $(UVFLAGS) pyproject.toml "$$@" -o "$$out"; }; \
	lock daemon/requirements.lock --extra pi; \
	lock daemon/requirements-demo.lock --extra pi --extra demo --group build -c daemon/requirements.lock; \
	lock daemon/requirements-dev.lock --extra pi --extra demo --group dev -c daemon/requirements-demo.lock; \
	for group in node emupos; do out=daemon/requirements-$$group.lock; echo "locking $$out"; \
	$(BIN)/uv pip compile $(UVFLAGS) --group $$group -o $$out; done
	@cd web && npm install --package-lock-only --ignore-scripts

clean:
	rm -rf build dist web/node_modules web/vendor web/translations/*.mo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@echo 'kept: $(VENV) (rm -rf it to set up from nothing)'
