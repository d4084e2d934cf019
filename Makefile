# `make help` lists the targets. The test stack needs root; `make unit` and `make lint` do not.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Several at once: the engine tests mostly wait, and those that disturb others take their turn alone (dev/stack/turns.py).
SPREAD := --dist worksteal --numprocesses
UNIT := -m 'not engine and not chaos' $(SPREAD) auto
ENGINE := -m 'engine and not chaos' $(SPREAD) 2
COVERED := $(BIN)/coverage run -m pytest --durations 20

.DEFAULT_GOAL := help
.PHONY: help venv up status demo test chaos unit lowest pythons lint prose format bench docs picture samples down clean

help:  ## list these targets
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name what; do \
		printf '  make %-8s %s\n' "$$name" "$$what"; done

venv: .venv/done  ## create .venv with multiarch and its development tools

.venv/done: pyproject.toml
	@$(PYTHON) -m venv .venv || { echo 'error: no virtual environment; on Debian, install the package python3-venv' >&2; exit 1; }
	@$(PIP) install --root-user-action=ignore --editable '.[dev]'
	@touch $@

up: venv  ## start the test stack: docker engine, registries, AWS API
	@$(BIN)/python -m dev.stack up

status: venv  ## show which parts of the test stack are up
	@$(BIN)/python -m dev.stack status

demo: up  ## build an example and publish it to the test stack
	@$(BIN)/python -m dev.demo

test: venv  ## run all tests except make chaos, and measure coverage; outside CI, skip the engine tests without the stack
	@rm -rf .coverage && mkdir .coverage
	@if $(BIN)/python -m dev.stack up; then \
		$(COVERED) $(UNIT) && $(COVERED) $(ENGINE) || exit; \
		$(BIN)/coverage combine --quiet && $(BIN)/coverage report; \
	elif [ "$${CI:-}" = true ]; then \
		echo 'error: the test stack did not start, and CI runs all tests' >&2; exit 1; \
	else \
		$(COVERED) $(UNIT) || exit; \
		$(BIN)/coverage combine --quiet && $(BIN)/coverage report --fail-under 0; \
		echo 'SKIPPED: the engine tests, because the test stack did not start; see the error above the tests' >&2; \
	fi

chaos: up  ## run every fault-injection case, then random schedules (SEED=N repeats them)
	@$(BIN)/python -m pytest -m 'engine or chaos' tests/chaos tests/unit

unit: venv  ## run the unit tests
	@$(BIN)/python -m pytest $(UNIT)

lowest: venv  ## run the unit tests on the lowest versions that pyproject.toml allows
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/lowest
	@$(BIN)/uv pip install --quiet --python .venv/lowest --resolution lowest-direct --editable '.[dev]'
	@.venv/lowest/bin/python -m pytest $(UNIT)

pythons:  ## run the unit tests on every installed Python from 3.11 to 3.14, pyenv's included
	@for version in 3.11 3.12 3.13 3.14; do \
		python=$$(ls "$$HOME"/.pyenv/versions/$$version.*/bin/python 2>/dev/null | tail -n 1); \
		python=$${python:-$$(command -v python$$version)}; \
		[ "$$python" ] || { echo "python $$version: not installed"; continue; }; \
		echo "python $$version: $$python"; \
		"$$python" -m venv .venv/$$version || exit; \
		.venv/$$version/bin/python -m pip --quiet --disable-pip-version-check install --root-user-action=ignore \
			--editable '.[dev]' || exit; \
		.venv/$$version/bin/python -m pytest $(UNIT) || exit; \
	done

lint: venv  ## check style, format, types, layers, spelling and English
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/codespell *.md docs dev multiarch
	@$(BIN)/python -m dev.prose

prose: venv  ## check the English of docs, help and messages; WHERE='docs/ README.md' selects places
	@$(BIN)/python -m dev.prose $(WHERE)

format: venv  ## fix style and format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: up  ## compare the speed with the shell commands that multiarch replaces
	@$(BIN)/python -m dev.bench

docs: venv  ## regenerate docs/reference.md and the JSON schemas from the code
	@$(BIN)/python -m dev.reference
	@$(BIN)/python -m dev.schema

picture: up  ## take the pictures of docs/report.md from a build on this machine
	@$(BIN)/python -m dev.picture

samples: up  ## write the output of real builds into the samples of the documentation
	@$(BIN)/python -m dev.samples

down: venv  ## remove the test stack and restore the machine
	@$(BIN)/python -m dev.stack down

clean:  ## remove the files that make and the tests wrote here
	rm -rf .venv .coverage .mypy_cache .pytest_cache .ruff_cache dist
	find . -name __pycache__ -prune -exec rm -rf {} +
