# Everything runs from the checkout: `make demo` and `make test` set up what they need, once.
SHELL := /bin/sh
PYTHON ?= python3
UV := .tools/bin/uv
UV_VERSION := 0.13.8
QUIETLY := -q --disable-pip-version-check --root-user-action=ignore
BIN := .venv/bin
READY := .venv/.ready
SCANNERS := .venv-scan
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/.tools/bin:$(PATH)

.PHONY: help demo test test-code test-processes check format lint types imports template build handlers scan sam-local simulate fuzz draw lock clean
.DEFAULT_GOAL := help

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## signed webhooks become charged orders, in under a minute
	@bigcharge demo

test: test-code test-processes ## all tests
test-code: $(READY)
	@pytest -n auto --dist worksteal tests/unit tests/contract tests/integration tests/simulation tests/fuzz
test-processes: $(READY) # one by one: whole processes that wait for each other lose their patience on a busy machine
	@pytest tests/e2e

check: format lint types imports template build handlers ## format, lint, types, import rules, template, build, built handlers

format: $(READY)
	@ruff format --check .
lint: $(READY)
	@ruff check .
types: $(READY)
	@mypy
imports: $(READY)
	@lint-imports
template: $(READY)
	@SAM_CLI_TELEMETRY=0 sam validate --lint
build: $(READY)
	@SAM_CLI_TELEMETRY=0 sam build --parameter-overrides Architecture=$$(uname -m | sed s/aarch64/arm64/)
handlers: build
	@python -m ops.built_handlers .aws-sam/build

scan: $(READY) $(SCANNERS)/.ready ## cfn-lint, checkov, bandit, detect-secrets, pip-audit: no finding without a reason beside it
	@python -m ops.scanning

sam-local: $(READY) build ## every function through `sam local invoke`, in Docker (status 3 where there is none)
	@python -m ops.sam_local

simulate: $(READY) ## months of trouble in a minute: SEEDS=2000, or SEED=17 to replay one
	@python -m tests.simulation $(if $(SEED),--seed $(SEED) $(if $(KEEP),--keep $(KEEP)),--seeds $(or $(SEEDS),2000)) $(if $(SECONDS),--seconds $(SECONDS))

fuzz: $(READY) ## strange webhooks by the thousand: REQUESTS=1000000, SEED=7, SECONDS=60
	@python -m tests.fuzz --requests $(or $(REQUESTS),100000) --seed $(or $(SEED),0) $(if $(SECONDS),--seconds $(SECONDS))

draw: $(READY) ## draw the states and the codes into docs/charging.md
	@python -m tests.contract.test_charging_document

lock: $(UV) ## pin the dependencies anew, with hashes
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.13 --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" layers/bigcharge/requirements.in -o layers/bigcharge/requirements.txt
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.13 --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.13 --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" requirements-scan.in -o requirements-scan.txt

clean: ## remove everything that was made here
	rm -rf .tools .venv .venv-scan .aws-sam build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Some systems leave venv or pip out of their python3; either will do.
$(UV):
	@echo "setting up: uv, in .tools"
	@{ $(PYTHON) -m venv .tools >/dev/null 2>&1 && .tools/bin/pip install $(QUIETLY) uv==$(UV_VERSION); } \
	  || { rm -rf .tools; $(PYTHON) -m pip install $(QUIETLY) --target .tools uv==$(UV_VERSION); } \
	  || { rm -rf .tools; echo "cannot install uv: see above; $(PYTHON) needs venv or pip (python3-venv on Debian)"; exit 1; }

# uv does not read pip's settings: a package index that is named for pip is named for uv too.
INDEX = index=$${PIP_INDEX_URL:-$$($(PYTHON) -m pip config get global.index-url 2>/dev/null)}; \
  if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; fi;

$(READY): $(UV) requirements-dev.txt pyproject.toml .python-version
	@echo "setting up: CPython $$(cat .python-version) and the development libraries, in .venv"
	@$(INDEX) $(UV) venv -q --clear .venv \
	  && $(UV) pip sync -q --require-hashes requirements-dev.txt \
	  && $(UV) pip install -q --no-deps --no-build-isolation --editable .
	@touch $(READY)

$(SCANNERS)/.ready: $(UV) requirements-scan.txt .python-version
	@echo "setting up: the scanners, in $(SCANNERS)"
	@$(INDEX) $(UV) venv -q --clear $(SCANNERS) \
	  && $(UV) pip sync -q --require-hashes --python $(SCANNERS) requirements-scan.txt
	@touch $@
