# Otklik. `make help` lists the targets; `make demo` and `make test` do all set-up by themselves.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PANEL_STAMP := inbox/static/.vite/manifest.json
PANEL_SOURCES := $(shell find panel -type f -not -path 'panel/node_modules/*' 2>/dev/null) $(shell find inbox -name '*.html' 2>/dev/null) $(wildcard inbox/core/web/*.py) $(wildcard inbox/translations/*/LC_MESSAGES/*.po)

# One test at a time to whoever is free; those that take long come first.
SPREAD := -n 3 --maxschedchunk 1

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt migration chaos screenshots setup browser-tests outside lock

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml requirements.lock
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -r requirements.lock
	OTKLIK_SKIP_PANEL=1 $(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(PANEL_STAMP): $(STAMP) hatch_build.py $(PANEL_SOURCES)
	$(BIN)/python hatch_build.py
	@touch $@

setup: $(STAMP) $(PANEL_STAMP) ## Install everything and build the panel

demo: setup ## Run the demo: simulated platforms, a seeded team, a phone to write from
	$(BIN)/otklik demo

test: setup ## Lint, types, import contracts and every test on the embedded servers
	$(MAKE) check

check: setup ## What CI runs: lint, types, imports, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd panel && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent check  # types of the panel's scripts
	$(BIN)/pytest $(SPREAD) --ignore=tests/browser
	$(BIN)/pytest -n 2 --dist loadfile tests/browser  # a demo for each; apart: the driver's loop runs on in the test's own process

outside: setup ## Storage, pipeline and API tests again, on the servers that OTKLIK_TEST_* name
	$(BIN)/pytest $(SPREAD) -m outside

fmt: $(STAMP) ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migration: $(STAMP) ## Write a migration from the models: make migration m="what it does"
	$(BIN)/python -m migrations.make "$(m)"

chaos: setup ## 5,000 messages and 500 replies while everything is killed; stops by itself
	$(BIN)/python -m tests.chaos

screenshots: setup ## Every page, both themes, both widths, into ./screenshots
	$(BIN)/python -m tests.browser.screenshots

lock: $(STAMP) ## Write requirements.lock anew: exact versions, no addresses
	$(BIN)/pip freeze --exclude-editable | grep -v '^otklik' > requirements.lock
