# Ankunft: `make` lists the targets. Everything a target needs is installed by it, as root on Debian 12 or 13.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := /usr/bin/python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):/usr/sbin:/usr/bin:/sbin:/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A checkout brings its own configuration; nothing of the caller's Ansible leaks in.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

# What the targets need of Debian.
PACKAGES := python3-venv python3-dev gcc git iproute2 openssh-client systemd-container mmdebstrap debian-archive-keyring zstd arch-test postgresql libnet-epp-perl

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.installed .cache/epp-schemas ## install what is missing: Debian packages, the virtual environment, EPP's schemas

.venv/.installed: requirements.lock agent/requirements.lock pyproject.toml .ci/debian.sh
	@.ci/debian.sh $(PACKAGES)
	@echo "== virtual environment"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

.cache/epp-schemas: | .venv/.installed
	@$(BIN)/python .ci/schemas.py $@

.PHONY: lock
lock: ## resolve the dependencies anew and pin them with hashes 
	uv pip compile pyproject.toml --group lab --group bench --group dev $(UV_LOCK) --output-file requirements.lock
	uv pip compile agent/pyproject.toml --constraint requirements.lock $(UV_LOCK) --output-file agent/requirements.lock
UV_LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: check
check: setup ## style, types, borders: ruff, mypy, import-linter, yamllint, ansible-lint
	ruff format --check .
	ruff check .
	mypy
	mypy --cache-dir .mypy_cache/playbooks playbooks/module_utils playbooks/action_plugins playbooks/library playbooks/roles/web_server/files
	lint-imports
	yamllint --strict .
	ansible-lint --offline --strict

.PHONY: test
test: setup ## everything: units, contracts, journeys and faults on real hosting servers
	pytest --numprocesses 2 --dist worksteal tests/house tests/unit
	pytest --numprocesses 2 --dist loadfile $(WITHOUT_FLEET)
	pytest tests/journey tests/faults $(addprefix --ignore ,$(WITHOUT_FLEET))
WITHOUT_FLEET := tests/contract tests/journey/agent tests/journey/test_invoices.py tests/faults/test_billing_killed.py

.PHONY: test-fast
test-fast: setup ## what needs no hosting servers and no PostgreSQL, within a minute
	pytest --fast --numprocesses 2 --dist worksteal tests/house tests/unit

.PHONY: faults
faults: setup ## the fault run alone: orders while runner, courier, API and servers are killed
	pytest tests/faults

.PHONY: bench
bench: setup ## what it costs, beside what it is compared with: a table, .lab/bench.json, plots in .lab/; ≤ 30 minutes
	@.ci/debian.sh wrk
	python -m tests.bench

.PHONY: bench-fleet
bench-fleet: setup ## a thousand played hosts and a hundred thousand orders through the real API; hours. BENCH="--orders 2000" is a taste
	python -m tests.bench.fleet $(BENCH)

.PHONY: demo
demo: setup ## an order from the click to the account on throw-away servers, and the proofs; KEEP=1 leaves them
	python -m tests.demo

.PHONY: wheelhouse
wheelhouse: setup ## what the agent is installed from, for servers without a network: .cache/wheelhouse
	python .ci/wheelhouse.py .cache/wheelhouse

.PHONY: lab
lab: setup ## a fleet on this machine that stays: API, web1, web2 (Debian 12), web3 (Debian 13); see .lab/lab.json
	@python -m tests.fleet up lab

.PHONY: lab-down
lab-down: setup ## take the lab's fleet down and leave nothing of it
	@python -m tests.fleet down lab
