.PHONY: run test lint live bench docs lock clean
PYTHON ?= python3
BIN := .venv/bin
REPO ?=

.venv/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "linestop needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "setting up .venv (once)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# 4: the job ran to its end and something waits for a person. make would call that an error.
run: .venv/.done
	@$(BIN)/linestop run $(if $(REPO),"$(REPO)") || test $$? -eq 4

test: .venv/.done
	@$(BIN)/python -m pytest -m 'not live' -n 3

live: .venv/.done
	@$(BIN)/python -m pytest tests/flows tests/live -m live -n 5 --dist loadfile --no-loadscope-reorder

lint: .venv/.done
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.done
	@$(BIN)/python -m linestop.deployments.bench

lock:
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras --group dev pyproject.toml -o requirements.lock

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
