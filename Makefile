# The commands of the project. The work behind them is in .ci/: `setup` installs what is missing, `test` runs
# everything, `run` is what the continuous integration calls. All of them build into build/ and may be called again at
# any time: what did not change is not done twice.

.DEFAULT_GOAL := help
.PHONY: help setup build demo test bench bench-peers lint tidy format clean install asan tsan soak coverage mutants check-install

VENV   := build/venv
PYTHON := $(VENV)/bin/python
PREFIX ?= /usr/local

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install missing Debian packages and the Python tools (into build/venv)
	@.ci/setup

build: setup ## Build the library, the Python module and the tests into build/dev
	@.ci/build dev

demo: setup ## Onboard 1,000 employees, kill the engine half way, and count what happened
	@.ci/build dev tenuto_python
	@$(PYTHON) python/examples/onboarding/demo.py

test: ## Build everything and run every test: C++, C, Python, types, house rules
	@.ci/test

bench: setup ## Build with optimisation and measure; ARGS="--only shapes" a part of it
	@.ci/build release
	@.ci/bench $(ARGS)

bench-peers: setup ## Measure Dask, Prefect and DBOS beside ours (installs them into build/peers; minutes)
	@.ci/build release tenuto_python
	@.ci/bench-peers

lint: build ## Layers, house rules, formatting and types only
	@ctest --test-dir build/dev --output-on-failure -R '^lint/'
	@.ci/python-lint

tidy: build ## The checks of .clang-tidy, where clang-tidy-14 is installed (minutes)
	@.ci/clang-tidy

format: setup ## Format all C++, C and Python files in place
	@.ci/format

asan: setup ## Unit, property, C and simulator tests under AddressSanitizer and UBSan
	@.ci/sanitize asan '^(unit/|property|capi/|sim/engine)'

tsan: setup ## Tests of what threads share, and all C tests, under ThreadSanitizer
	@.ci/sanitize tsan '^(unit/(base|sched|timer|store|journal|engine):|property|capi/)'

soak: build ## One harness on fresh inputs: TARGET=sim|kill|power|file_systems|clients|backup|park for MINUTES (10); SEED repeats one
	@.ci/soak "$(TARGET)" "$(or $(MINUTES),10)" $(SEED)

coverage: setup ## Branch coverage of core/ by layer; MISSING=store lists what is not taken there (minutes)
	@.ci/coverage $(MISSING)

mutants: setup ## Small mistakes in machine, journal and sched, and how many of them the tests find; LAYER= COUNT= SEED= (an hour)
	@python3 tests/mutation/mutate.py $(LAYER) $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

check-install: setup ## pip install into a fresh venv and try it there
	@.ci/check-install

install: setup ## Install the C library and its header below PREFIX (default /usr/local)
	@.ci/build release
	@cmake --install build/release --prefix "$(PREFIX)"

clean: ## Remove everything that was built
	rm -rf build dist
