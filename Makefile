# Every target says what it does in `make help`. The test stack needs root; `make unit` and `make lint` need nothing.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help venv up status demo test chaos unit pythons lint format bench docs picture down clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name what; do \
		printf '  make %-8s %s\n' "$$name" "$$what"; done

venv: .venv/done  ## a virtual environment with multiarch and what its development needs

.venv/done: pyproject.toml
	@$(PYTHON) -m venv .venv || { echo 'error: no virtual environment; on Debian, install the package python3-venv' >&2; exit 1; }
	@$(PIP) install --root-user-action=ignore --editable '.[dev]'
	@touch $@

up: venv  ## the test stack: docker engine, registries and an AWS API on this machine
	@$(BIN)/python -m dev.stack up

status: venv  ## what of the test stack is up
	@$(BIN)/python -m dev.stack status

demo: up  ## a build of an example, from a commit to a verified image in the stack's ECR
	@$(BIN)/python -m dev.demo

test: venv  ## all tests; outside CI, without those that need the stack where it can't be had
	@if $(BIN)/python -m dev.stack up; then \
		$(BIN)/python -m pytest; \
	elif [ "$${CI:-}" = true ]; then \
		echo 'error: no test stack, and CI runs all tests or fails' >&2; exit 1; \
	else \
		$(BIN)/python -m pytest -m 'not engine' || exit; \
		echo 'NOT TESTED: whatever needs docker, a registry or an AWS API; the reason stands above the tests' >&2; \
	fi

chaos: up  ## all that can break, on the real engine; then schedules drawn from a seed, SEED=N for the same ones
	@$(BIN)/python -m pytest -m engine tests/chaos

unit: venv  ## the tests that need no stack
	@$(BIN)/python -m pytest -m 'not engine'

pythons:  ## the same on each Python that multiarch runs on and this machine has, pyenv's included
	@for version in 3.11 3.12 3.13 3.14; do \
		python=$$(ls "$$HOME"/.pyenv/versions/$$version.*/bin/python 2>/dev/null | tail -n 1); \
		python=$${python:-$$(command -v python$$version)}; \
		[ "$$python" ] || { echo "python $$version: not here"; continue; }; \
		echo "python $$version: $$python"; \
		"$$python" -m venv .venv/$$version || exit; \
		.venv/$$version/bin/python -m pip --quiet --disable-pip-version-check install --root-user-action=ignore \
			--editable '.[dev]' || exit; \
		.venv/$$version/bin/python -m pytest -m 'not engine' || exit; \
	done

lint: venv  ## style, format, types and layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

format: venv  ## put style and format right where a program can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: up  ## how long builds take, against the shell lines that multiarch replaces
	@$(BIN)/python -m dev.bench

docs: venv  ## the reference and the schema of reports, written anew from the code
	@$(BIN)/python -m dev.reference
	@$(BIN)/python -m dev.schema

picture: up  ## the pictures of a report in docs/, from a build of this machine
	@$(BIN)/python -m dev.picture

down: venv  ## the test stack taken back: the machine is as it was before `make up`
	@$(BIN)/python -m dev.stack down

clean:  ## without what make and the tests wrote into this folder
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache dist
	find . -name __pycache__ -prune -exec rm -rf {} +
