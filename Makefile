# Every target sets up what it needs; none needs root. PYTHON may name another interpreter ≥ 3.11.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DATA   ?=
WORK   ?= build/model

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint model model-eval clean

help:  ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Create .venv with pinned packages

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY)  ## Fill the demo database and open the app at http://localhost:8501
	$(BIN)/otklik demo

test: $(READY)  ## Run all tests (SQLite and PostgreSQL; browser tests where chromium is found)
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(READY)  ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

model: $(READY)  ## Train the embedded model anew: make model DATA=folder [WORK=folder]
	@test -n "$(DATA)" || { echo 'Say where the training data lie: make model DATA=folder'; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,training]'
	$(BIN)/python -m nlp.training --data $(DATA) --work $(WORK)

model-eval: $(READY)  ## Measure the embedded model: make model-eval DATA=folder
	@test -n "$(DATA)" || { echo 'Say where the evaluation data lie: make model-eval DATA=folder'; exit 2; }
	$(BIN)/python -m nlp.training.evaluate --data $(DATA)

clean:  ## Remove .venv, caches and the demo database
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build var
