# Everything a contributor needs; `make help` lists it. Only make, a POSIX shell and Python >= 3.11 are required.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
WORKERS ?= 2
ARGS ?=
CODE := $(wildcard src tests bench scripts)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo run test check fmt bench lock clean _static stateful simulate fuzz mutation crash crash-outage crash-postgres chaos

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## prepare .venv (does nothing when it is already up to date)
	@sh scripts/setup.sh

demo: setup ## everything at once: database, simulator, panel, virtual handset, sample company
	@recado demo $(ARGS)

run: setup ## doors and worker with the settings of the environment
	@recado serve $(ARGS)

test: setup ## system packages, static checks and the whole test suite
	@sh scripts/system_packages.sh
	@$(MAKE) --no-print-directory _static
	pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --ignore=tests/crash/test_policies.py $(ARGS)

check: setup _static ## static checks only: format, lint, types, imports, migrations, house rules
	pytest -q tests/house $(ARGS)

_static:
	ruff format --check $(CODE)
	ruff check $(CODE)
	mypy
	lint-imports
	squawk src/recado/db/migrations/*.sql

fmt: setup ## format the code and fix what can be fixed mechanically
	ruff format $(CODE)
	ruff check --fix $(CODE)

bench: setup ## benchmarks; results go to bench/results
	python -m bench $(ARGS)

stateful: setup ## random histories against a model, on a real database (STEPS=500000, about an hour)
	python -m tests.stateful --steps $(or $(STEPS),500000) $(ARGS)

simulate: setup ## the sending core in virtual time, with faults (SEEDS=1000 HOURS=24)
	python -m tests.simulation --seeds $(or $(SEEDS),100) --hours $(or $(HOURS),24) $(ARGS)

fuzz: setup ## mutated webhooks through the parser and the door (BODIES=100000 POSTS=20000)
	python -m tests.fuzz --bodies $(or $(BODIES),100000) --posts $(or $(POSTS),20000) $(ARGS)

crash: setup ## kill processes at every failpoint, then let four ledgers agree (N=10000 SEED= POLICY=)
	python -m tests.crash $(if $(N),--kills $(N)) $(if $(SEED),--seed $(SEED)) $(if $(POLICY),--policy $(POLICY)) $(ARGS)

crash-outage: setup ## the webhook door is away for 6 s, 60 s, 10 virtual minutes (SEEDS=20)
	python -m tests.simulation.outages --seeds $(or $(SEEDS),20) $(ARGS)

crash-postgres: setup ## stop PostgreSQL at once under load, again and again (N=20 SEED=)
	python -m tests.crash.restarts --restarts $(or $(N),20) $(if $(SEED),--seed $(SEED)) $(ARGS)

chaos: setup ## an ordinary load, and every 10 to 30 s something goes wrong (MINUTES=10 SEED=)
	python -m tests.crash.chaos --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(ARGS)

mutation: setup ## change the rules one operator at a time; the tests have to notice
	python -m tests.mutation $(ARGS)

lock: setup ## pin every dependency again from pyproject.toml
	@sh scripts/lock.sh

clean: ## remove .venv, caches and builds
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests scripts $(wildcard bench) -name __pycache__ -type d -prune -exec rm -rf {} +
