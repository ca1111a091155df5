# Everything happens in .venv inside the checkout. Each target can be run again and is quick then.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: poem test lint types contracts tests corpus coverage bench verify docs dist clean help

help:
	@echo 'make poem    write a poem on 日 (installs what that needs, without torch)'
	@echo 'make test    lint, types, import contracts and tests (installs what they need)'
	@echo 'make docs    build the documentation: site/index.html (needs npm, without torch)'
	@echo 'make coverage  the tests with branch coverage of src'
	@echo 'make bench   measure speed and memory: one table'
	@echo 'make verify  recompute the headline numbers of the README'
	@echo 'make dist    build and check the wheel and the source archive: dist/'
	@echo 'make clean   remove .venv and caches'

poem: $(VENV)/base.stamp
	@$(BIN)/tangyin write 日 --seed 1

test: lint types contracts tests

lint: $(VENV)/dev.stamp node_modules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	npx tsc
	npx eslint --max-warnings 0 src/tangyin/web/static

types: $(VENV)/dev.stamp
	$(BIN)/mypy

contracts: $(VENV)/dev.stamp
	$(BIN)/lint-imports

tests: corpus
	TANGYIN_LANG=en OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
	  $(BIN)/python -m pytest -q -n auto $(PYTEST)

# Apart from `make test`, which tracing would make half as long again.
coverage: PYTEST += --cov --cov-report=term:skip-covered
coverage: tests

corpus: $(VENV)/dev.stamp
	$(BIN)/tangyin corpus fetch

bench: corpus
	$(BIN)/python benchmarks/speed.py

verify: corpus
	$(BIN)/python scripts/verify.py

# The archives depend on nothing but the sources and the date of the last commit.
dist: $(VENV)/dev.stamp
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --quiet
	$(BIN)/twine check --strict dist/*

# Material reminds of the versions that pyproject.toml excludes.
docs: $(VENV)/docs.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo 'open site/index.html'

clean:
	rm -rf $(VENV) node_modules build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# What checks the page's JavaScript.
node_modules: package-lock.json
	npm ci --silent --no-audit --no-fund
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'tangyin needs Python 3.11 or newer; name one with make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo 'cannot make $(VENV); install the venv module of Python (python3-venv)' >&2; exit 1; }

$(VENV)/base.stamp: pyproject.toml | $(BIN)/python
	@echo 'installing tangyin into $(VENV) …' >&2
	@$(PIP) install --quiet -e .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -e '.[dev]'
	@touch $@ $(VENV)/base.stamp $(VENV)/docs.stamp

$(VENV)/docs.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -e '.[docs]'
	@touch $@ $(VENV)/base.stamp
