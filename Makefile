# make demo    what chainrule says about the tutorial's network
# make test    all tests
# make check   format, lint and types; of the page's JavaScript, too, where there is Node
#
# The first of them makes .venv with the versions of constraints.txt; PYTHON names another interpreter than python3.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt

TSC := npx --yes --package typescript@5.9.3 tsc

.PHONY: demo test check clean

demo: .venv/installed
	$(BIN)/chainrule run examples/xor_one_layer.py

# Two tests at a time, each with one thread of torch: more threads than cores wait for each other.
test: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict src
	@if $(TSC) --version >/dev/null 2>&1; then $(TSC) -p tests/page/jsconfig.json; \
	else echo "The page's JavaScript was not checked: there is no Node here, or no TypeScript to be had."; fi

clean:
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/installed: pyproject.toml constraints.txt hatch_build.py
	$(PYTHON) -m venv .venv
	$(INSTALL) -e .
	touch $@

.venv/installed-dev: .venv/installed
	$(INSTALL) -e '.[dev]'
	touch $@
