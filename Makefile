# make demo    the main job on the embedded data: environment, videos, training, table and figures
# make test    lint, types, import contracts and tests
# make bench   benchmarks against the committed baseline
# make reports render reports/ from the committed results/

PYTHON ?= python3
BIN := .venv/bin
DEMO := --methods supervised,aplt,fixmatch --ratios 0.1,0.5 --seeds 0

.PHONY: demo test check bench baseline reports clean

demo: .venv/installed
	$(BIN)/ssmar-bench run $(DEMO) --out demo

test: check
	$(BIN)/pytest -n 2 --dist worksteal

check: .venv/tested
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/tested
	$(BIN)/pytest tests/benchmarks --benchmark-enable --benchmark-only -W ignore \
		--benchmark-compare=tests/benchmarks/baseline.json

baseline: .venv/tested
	$(BIN)/pytest tests/benchmarks --benchmark-enable --benchmark-only --benchmark-json=tests/benchmarks/baseline.json

reports: .venv/installed
	$(BIN)/ssmar-bench report --results results --out reports

clean:
	rm -rf .venv demo ssmar-runs

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13), "ssmar-bench needs Python 3.11 to 3.13; set PYTHON="'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	$(BIN)/python -m pip install --quiet --no-deps --only-binary :all: semilearn==0.3.2
	touch $@
