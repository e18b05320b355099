# Every target sets itself up on a fresh machine: it needs Python 3.11 or newer and make, no more.
.PHONY: help demo lab test check bench notebooks format clean
.DEFAULT_GOAL := help

ENV := .venv
PY := $(ENV)/bin/python
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
SETUP := pyproject.toml constraints.txt hatch_build.py Makefile
CODE = wam_widgets scripts tests hatch_build.py $(wildcard benchmarks)

help:
	@echo "make demo    explain the embedded example, write demo.html and open it"
	@echo "make lab     JupyterLab on the notebooks"
	@echo "make test    everything that must hold (with the checks)"
	@echo "make check   formatting, lint and types, Python and TypeScript"
	@echo "make format  let the formatters do their work"
	@echo "make bench   ratios against the floor and the direct method (BENCH=--write keeps them)"
	@echo "make notebooks  run the notebooks and keep what they show"

$(PY):
	@python=; \
	for p in "$${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do \
	  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$$p && break; \
	done; \
	test -n "$$python" || { echo "error: Python 3.11 or newer is needed; set PYTHON to it" >&2; exit 1; }; \
	"$$python" -m venv $(ENV) || { rm -rf $(ENV); \
	  echo "error: no virtual environment could be made (Debian: apt install python3-venv)" >&2; exit 1; }

# One stamp per set of packages, so that a demo does not wait for the tests' browser driver.
$(ENV)/.demo: $(SETUP) | $(PY)
	$(INSTALL) -e .
	@touch $@

$(ENV)/.lab: $(SETUP) | $(PY)
	$(INSTALL) -e '.[lab]'
	@touch $@ $(ENV)/.demo

$(ENV)/.dev: $(SETUP) | $(PY)
	$(INSTALL) -e '.[dev]'
	@touch $@ $(ENV)/.demo $(ENV)/.lab

demo: $(ENV)/.demo
	@$(PY) scripts/front_end.py build
	$(PY) -m wam_widgets demo

lab: $(ENV)/.lab
	@$(PY) scripts/front_end.py build
	$(PY) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks

test: check
	@$(PY) scripts/front_end.py build
	$(PY) scripts/front_end.py run test
	@$(PY) -m tests.chromium
	$(PY) -m pytest -m "not browser"
	$(PY) -m pytest -m browser

check: $(ENV)/.dev
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy $(CODE)
	$(PY) scripts/front_end.py run typecheck
	$(PY) scripts/front_end.py run format:check

format: $(ENV)/.dev
	$(PY) -m ruff check --fix
	$(PY) -m ruff format
	$(PY) scripts/front_end.py run format

bench: $(ENV)/.dev
	@$(PY) scripts/front_end.py build
	@$(PY) -m tests.chromium
	$(PY) -m benchmarks.run $(BENCH)

notebooks: $(ENV)/.dev
	@$(PY) scripts/front_end.py build
	@$(PY) scripts/notebooks.py

clean:
	rm -rf $(ENV) js/node_modules wam_widgets/static demo.html dist
