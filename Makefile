# Each target does its whole set-up by itself; a second run finds its stamps and sets up nothing.
# Written for make 3.81, which macOS has.

BIN := .venv/bin
SYNCED := .venv/.tocsin-synced
MODULES := node_modules/.tocsin-lock
BUNDLE := src/tocsin/relay/static/bundle
# More words for the command that a target runs: make test ARGS=tests/core
ARGS ?=
# Tests start hundreds of programs; where this is set, each would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check lint types imports javascript pins wheels benchmarks bundle setup clean
.DELETE_ON_ERROR:

help:
	@echo "make demo        replay autumn 2017 through every room (ARGS=--exit ends after the run)"
	@echo "make test        all tests, shared among the cores (ARGS=\"-n0 -x\" in one process, to the first failure)"
	@echo "make check       all static checks"
	@echo "make benchmarks  every benchmark, its quick form"

demo: bundle
	@$(BIN)/tocsin demo $(ARGS)

test: bundle $(MODULES)
	@$(BIN)/pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(ARGS)

# One target each, so that `make -k check` shows all that is wrong.
check: lint types imports javascript pins wheels

lint: bundle
	$(BIN)/ruff check

types: bundle
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

imports: bundle
	$(BIN)/lint-imports --no-logo

javascript: $(MODULES)
	$(BIN)/node node_modules/typescript/bin/tsc --project tsconfig.json

pins: $(SYNCED)
	$(BIN)/python tools/pin.py --check

wheels: $(SYNCED)
	$(BIN)/python tools/wheels.py

benchmarks: bundle
	@set -e; for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python "$$script" --quick $(ARGS); done

setup: $(SYNCED)
	@:

bundle: $(BUNDLE)/seal.js
	@:

$(SYNCED): pyproject.toml hatch_build.py tools/setup.sh
	@sh tools/setup.sh
	@touch $@

$(BUNDLE)/manifest.json: package.json package-lock.json tools/build_bundle.py $(wildcard js/*.* js/*/*.*) | $(SYNCED)
	@$(BIN)/python tools/build_bundle.py

# Notices a bundle deleted by hand.
$(BUNDLE)/seal.js: | $(BUNDLE)/manifest.json
	@$(BIN)/python tools/build_bundle.py

$(MODULES): package-lock.json | $(SYNCED)
	@$(BIN)/python tools/build_bundle.py --modules
	@touch $@

clean:
	rm -rf .venv node_modules $(BUNDLE) .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
