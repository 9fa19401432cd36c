# One virtual environment, made from what constraints.txt pins; every target works on a fresh clone. One of its own for the lowest versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

LOWEST := .venv-lowest

# The tests that cover planning, applying and manifest to the last branch: their own, and those of config for the errors of both.
COVERING := $(addprefix tests/,planning applying manifest config)

# What git tracks, without symbolic links: the chart has one that leads to a folder.
FILES := git ls-files -z | xargs -0 sh -c 'for file; do [ -h "$$file" ] || printf "%s\0" "$$file"; done' sh

.PHONY: help lowest install demo pulumi-demo test test-all lint types layers tests room-tests coverage chaos bench bench-many bench-runs bench-simulation bench-pulumi image image-pulumi base-image test-image test-image-pulumi test-kubernetes clean

help:
	@echo "make demo   install, then validate, plan, apply and plan again on the embedded sandbox"
	@echo "make pulumi-demo  the same by Pulumi: a stack in a temporary home, preview, up, preview"
	@echo "make test   install, then lint, types, layers and tests"
	@echo "make test-all  what make test runs a sample of, in full (half an hour or so)"
	@echo "make coverage  the tests of make test under coverage, of all rooms"
	@echo "make lowest  the tests with the lowest versions that pyproject.toml allows (needs uv)"
	@echo "make chaos  install, then 10 000 fault schedules and every crash point (an hour or so)"
	@echo "make bench  install, then the benchmarks (some minutes); results in bench/results/"
	@echo "make bench-many  the same for one command that plans many workspaces (ten minutes or so)"
	@echo "make bench-simulation  what a thousand large workspaces take, checked against real runs (after make bench-many)"
	@echo "make bench-runs  the same for many runs that act at once on one PostgreSQL (five minutes or so)"
	@echo "make bench-pulumi  the same for the Pulumi front, with the Pulumi CLI (an hour or so)"
	@echo "make image  build the container image with docker, or buildah and podman; make image-pulumi: with Pulumi"
	@echo "make test-image  build it and test it; make test-image-pulumi: the one with Pulumi"
	@echo "make test-kubernetes  run the Jobs on the Kubernetes cluster of KUBECONFIG, whose context is called reconciler-test…"
	@echo "make clean  remove the virtual environment and the sandbox's state"

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(INSTALLED)

demo: install
	@$(BIN)/reconciler demo

pulumi-demo: install
	@sh docs/pulumi-demo.sh $(BIN)/reconciler

# All of them, so that one red step hides no other.
test: install
	@$(MAKE) --no-print-directory --keep-going lint types layers room-tests tests

# All crash points, more fault schedules, attacks on PostgreSQL too, and every scenario on Pulumi's engine.
test-all: install
	$(BIN)/pytest -n auto -m exhaustive

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(FILES) | xargs -0 $(BIN)/detect-private-key
	$(FILES) | xargs -0 $(BIN)/check-added-large-files --enforce-all --maxkb=200

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports

# Only these are run under coverage, which doubles the time of a test.
room-tests: install
	$(BIN)/coverage erase
	$(BIN)/pytest -n auto --cov --cov-report= $(COVERING)
	$(BIN)/coverage report --include='reconciler/planning/*,reconciler/applying/*,reconciler/manifest/*' --fail-under=100

tests: install
	$(BIN)/pytest -n auto $(addprefix --ignore=,$(COVERING))

coverage: install
	$(BIN)/coverage erase
	$(BIN)/pytest -n auto --cov --cov-report=
	$(BIN)/coverage report --fail-under=95

lowest:
	uv venv --quiet --clear --python $(PYTHON) $(LOWEST)
	uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --editable '.[dev]'
	$(LOWEST)/bin/python -m pytest -n auto

chaos: install
	$(BIN)/python -m tests.chaos --schedules 10000 --workers 2
	$(BIN)/python -m tests.crash

bench: install
	$(BIN)/python -m bench

bench-many: install
	$(BIN)/python -m bench.many

bench-simulation: install
	$(BIN)/python -m bench.simulation

bench-runs: install
	$(BIN)/python -m bench.runs_at_once

bench-pulumi: install
	$(BIN)/python -m bench.pulumi_front

image:
	@sh deploy/image/build.sh image

image-pulumi:
	@sh deploy/image/build.sh pulumi

# The base of Debian's packages, again: `make image` makes it once, where no image registry is reached.
base-image:
	@sh deploy/image/base.sh localhost/reconciler-base:debian

test-image: export TEST_IMAGE := localhost/calendar-reconciler:test
test-image: install
	@IMAGE=$$TEST_IMAGE sh deploy/image/build.sh image
	@. deploy/image/engine.sh; TEST_ENGINE=$$engine $(BIN)/pytest -n auto tests/image

test-image-pulumi: export TEST_PULUMI_IMAGE := localhost/calendar-reconciler:test-pulumi
test-image-pulumi: install
	@IMAGE=$$TEST_PULUMI_IMAGE sh deploy/image/build.sh pulumi
	@. deploy/image/engine.sh; TEST_ENGINE=$$engine $(BIN)/pytest tests/image/test_pulumi.py

# Only on a cluster for tests: tests/cluster/__main__.py says what it takes from the environment.
test-kubernetes: install
	@$(BIN)/python -m tests.cluster

clean:
	rm -rf $(VENV) $(LOWEST) .reconciler build
