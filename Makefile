# What one can do here. Needs Python 3.11 or later and make; the rest comes from the package index.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit 0; }; done; echo python3)
PORT ?= 8080
ARGS ?=
CORPORA ?=
UV := .tools/uv/bin/uv
BIN := .venv/bin
VENDOR := src/propolis/reports/console/static/vendor
export VIRTUAL_ENV := $(CURDIR)/.venv
export UV_PYTHON_DOWNLOADS := never
ifneq ($(CORPORA),)
export PROPOLIS_CORPORA := $(abspath $(CORPORA))
endif

.PHONY: help
help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(UV): requirements/uv.txt
	$(PYTHON) tools/python_is_new_enough.py
	$(PYTHON) -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	touch $@

.venv/run.stamp: $(UV) requirements/run.txt requirements/build.txt pyproject.toml
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip install --quiet --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/test.stamp: .venv/run.stamp requirements/test.txt
	$(UV) pip install --quiet --require-hashes -r requirements/test.txt
	touch $@

$(VENDOR)/.stamp: .venv/run.stamp package-lock.json tools/vendor_scripts.py
	$(BIN)/python tools/vendor_scripts.py --uv $(UV) --into $(VENDOR)
	touch $@

.cache/schemas/.stamp: $(VENDOR)/.stamp
	$(BIN)/python tools/vendor_scripts.py --uv $(UV) --into .cache/schemas --schemas
	touch $@

.PHONY: setup setup-test
setup: .venv/run.stamp $(VENDOR)/.stamp
setup-test: setup .venv/test.stamp .cache/schemas/.stamp

EXAMPLE_IMAGES := .cache/example-images

$(EXAMPLE_IMAGES)/.stamp: .venv/run.stamp $(wildcard examples/images/*.yaml examples/images/bases/*.yaml tools/build_example_images.py tools/example_images/*.py)
	$(BIN)/python -m tools.build_example_images --into $(EXAMPLE_IMAGES)
	touch $@

.PHONY: example-images
example-images: $(EXAMPLE_IMAGES)/.stamp ## The images of the example cluster, from their recipes

.PHONY: run
run: setup example-images ## Assess examples/ and serve the console (PORT=8080)
	$(BIN)/propolis up --manifests examples/shop --images $(EXAMPLE_IMAGES) --port $(PORT) $(ARGS)

.PHONY: cluster
cluster: setup-test ## A real API server with the example shop, and admission in front of it (needs Go)
	$(BIN)/python -m tests.harness.control_plane

.PHONY: kwok
kwok: setup-test ## A fake node for make cluster, on which pods seem to run (needs Go)
	$(BIN)/python -m tests.harness.kwok

.PHONY: test
test: setup-test ## Unit, property and conformance tests (ARGS='-k name')
	$(BIN)/python -m pytest $(ARGS)

.PHONY: check
check: setup-test ## Format, lint, types, import contracts, change fragments
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/check_tree.py

.PHONY: conformance
conformance: setup-test ## What others' tests expect (CORPORA=DIR ARGS='-k kyverno')
	$(BIN)/python -m pytest tests/conformance $(ARGS)

.PHONY: e2e
e2e: setup-test ## The program as its users meet it: processes, a browser
	$(BIN)/python -m pytest tests/e2e $(ARGS)

.PHONY: bench
bench: setup-test ## Speed, as ratios to a named reference of the same run
	$(BIN)/python -m tests.bench $(ARGS)

.PHONY: soak
soak: setup-test ## Long fuzz and load runs (minutes; not in CI)
	$(BIN)/python -m pytest tests/soak $(ARGS)

.PHONY: fix
fix: setup-test ## Format and mend what can be mended by itself
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

.PHONY: lock
lock: $(UV) ## Resolve requirements anew (ARGS=--upgrade)
	UV=$(UV) tools/lock.sh $(ARGS)

.PHONY: clean
clean: ## Remove what was built
	rm -rf .venv .tools .cache node_modules dist $(VENDOR)
