# Two commands on a fresh machine: `make demo` and `make test`. Each sets up .venv/ by itself from the hash-locked files.
SHELL := /bin/sh
UV := $(shell command -v uv 2>/dev/null || echo .build/uv/bin/uv)
BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
DEV := .venv/.dev-installed
export UV_NO_PROGRESS := 1

.PHONY: demo run test check soak boot bench screenshots format locks clean

demo: $(RUNTIME)
	@$(BIN)/niggled demo

run: $(RUNTIME)
	@$(BIN)/niggled run

# More at once than there are processors: many tests wait for a process that they have started.
test: $(DEV)
	@$(BIN)/python -m pytest -m "not soak and not boot" -n $$(( $$(nproc) + 2 )) --dist worksteal

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/project
	$(BIN)/niggled config example | diff config.example.toml -

soak: $(DEV)
	@$(BIN)/python -m pytest -m soak -s

# As root, with debootstrap and systemd-nspawn.
boot: $(DEV)
	@$(BIN)/python -m pytest -m boot

bench: $(DEV)
	@$(BIN)/python benchmarks/run.py

# Every page in Chromium, as pictures to be looked at.
screenshots: $(DEV)
	@NIGGLED_SCREENSHOTS=.build/screenshots NIGGLED_REQUIRE_REAL_PARTS=1 $(BIN)/python -m pytest tests/web/browser -k whole
	@echo "The pictures are in .build/screenshots"

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Fresh locks from pyproject.toml; no addresses in them, so any index serves.
COMPILE := pip compile --quiet --upgrade --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url --no-annotate
locks: $(UV)
	$(UV) $(COMPILE) pyproject.toml --extra postgres --group build -o requirements.lock
	$(UV) $(COMPILE) pyproject.toml --extra postgres --group dev -o requirements-dev.lock
	echo "uv>=0.9" | $(UV) $(COMPILE) - -o requirements-uv.lock

clean:
	rm -rf .venv .venv-bench .build dist

# Where uv is not installed, a private venv brings it.
.build/uv/bin/uv:
	@python3 -m venv .build/uv || { echo "python3 cannot make a venv: install your system's python3-venv package, or uv"; rm -rf .build/uv; exit 1; }
	@.build/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock

.venv/bin/python: | $(UV)
	@$(UV) venv --quiet --allow-existing .venv || $(UV) venv --quiet --allow-existing --python ">=3.12" .venv

$(RUNTIME): requirements.lock pyproject.toml | .venv/bin/python
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | .venv/bin/python
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@ $(RUNTIME)
