# Everything happens in .venv inside the checkout. Each target can be run again and is quick then.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUNDLE := src/tangyin/web/bundle/page.js
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: poem test lint types contracts tests bundle capped corpus coverage bench verify docs site dist reproducible sbom clean help

help:
	@echo 'make poem    write a poem on 日 (installs what that needs, without torch)'
	@echo 'make test    lint, types, import contracts and tests (installs what they need)'
	@echo 'make capped  the tests of numbers again, as on processors with AVX2 alone and with none'
	@echo 'make docs    build the documentation: site/index.html (needs npm, without torch)'
	@echo 'make site    write the page that runs in a browser alone: build/site (needs npm)'
	@echo 'make coverage  the tests with branch coverage of src'
	@echo 'make bench   measure speed and memory: one table'
	@echo 'make verify  recompute the headline numbers of the README, and run the commands of the pages'
	@echo 'make dist    build and check the wheels and the source archive: dist/'
	@echo 'make reproducible  build them twice and compare'
	@echo 'make sbom    list what is installed, with licences: build/tangyin.cdx.json'
	@echo 'make clean   remove .venv and caches'

poem: $(VENV)/base.stamp
	@$(BIN)/tangyin write 日 --seed 1

test: lint types contracts tests

lint: $(VENV)/dev.stamp node_modules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python scripts/lint_prose.py
	$(BIN)/python scripts/lint_root.py
	npx tsc
	npx biome ci

types: $(VENV)/dev.stamp
	$(BIN)/mypy

contracts: $(VENV)/dev.stamp
	$(BIN)/lint-imports

RUN = TANGYIN_LANG=en OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto

tests: corpus $(BUNDLE)
	node --test tests/page/
	$(RUN) $(PYTEST)

# Torch, oneDNN and the kernel of training limited to AVX2; then the engine's kernel to AVX2, and to
# plain C.
NUMERIC := parity kernels cells lstm like_torch cross_entropy gradients
capped: corpus
	CXX=$(CURDIR)/scripts/avx2_compiler.sh ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 \
	  $(RUN) tests/model $(NUMERIC:%=tests/nn/test_%.py)
	TANGYIN_KERNEL=avx2 $(RUN) tests/model
	TANGYIN_KERNEL=portable $(RUN) tests/model

# Not part of `make test`: tracing takes half as long again.
coverage: PYTEST += --cov --cov-report=term:skip-covered
coverage: tests

bundle: $(BUNDLE)

corpus: $(VENV)/dev.stamp
	$(BIN)/tangyin corpus fetch

bench: corpus
	$(BIN)/python benchmarks/speed.py --record

# docs/serve.md asks a server that runs.
verify: corpus
	$(BIN)/python scripts/verify.py
	$(BIN)/python scripts/refresh_pages.py --check README.md \
	  $(filter-out docs/serve.md %.zh.md, $(wildcard docs/*.md))
	$(BIN)/python scripts/refresh_pages.py --check --long docs/reference.md

site: $(VENV)/web.stamp $(BUNDLE)
	$(BIN)/tangyin site -o build/site

# The archives depend on the sources and the date of the last commit alone; on Linux there is also a
# wheel with the compiled kernel, which depends on the compiler too, for each of these that is there.
COMPILERS = $(or $(CC),cc) aarch64-linux-gnu-gcc
dist: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
dist: $(VENV)/dev.stamp $(BUNDLE)
	rm -rf dist build
	$(BIN)/python -m build --quiet
	for compiler in $(COMPILERS); do \
	  if [ "$$(uname)" = Linux ] && command -v $$compiler >/dev/null; then umask 022 && \
	    CC=$$compiler TANGYIN_NATIVE=1 $(BIN)/python -m build --quiet --wheel --outdir build && \
	    PATH=$(BIN):$$PATH $(BIN)/auditwheel repair --wheel-dir dist build/*.whl && \
	    rm build/*.whl || exit 1; fi; done
	$(BIN)/twine check --strict dist/*

# The same twice, byte for byte.
reproducible: dist
	sha256sum dist/* > $(VENV)/first.sha256
	$(MAKE) dist
	sha256sum --check $(VENV)/first.sha256

# What the pure wheel with the page brings along, with licences: build/tangyin.cdx.json
sbom: dist
	$(BIN)/python -m venv --without-pip build/sbom
	$(PIP) --python build/sbom install --quiet "$$(ls dist/*-any.whl)[web]"
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  --output-file build/tangyin.cdx.json build/sbom

# Material reminds of the versions that pyproject.toml excludes.
docs: $(VENV)/docs.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo 'open site/index.html'

clean:
	rm -rf $(VENV) node_modules src/tangyin/web/bundle build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The page as wheels and sites carry it.
$(BUNDLE): $(wildcard src/tangyin/web/static/*) scripts/bundle.py node_modules | $(VENV)/web.stamp
	$(BIN)/python scripts/bundle.py

# What bundles, formats and checks the page's JavaScript.
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

$(VENV)/web.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -e '.[web]'
	@touch $@ $(VENV)/base.stamp

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -e '.[dev]'
	@touch $@ $(VENV)/base.stamp $(VENV)/docs.stamp $(VENV)/web.stamp

$(VENV)/docs.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -e '.[docs]'
	@touch $@ $(VENV)/base.stamp
