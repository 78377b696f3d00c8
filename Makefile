# The commands that docs, CI and people use. The first one makes `.venv` from the locks, quietly, with the wheels
# for Lambda too, so that all later ones need no network.
PYTHON ?= python3
PY := .venv/bin/python
STAMP := .venv/.installed

.PHONY: run test demo check workflows package bench lock clean chromium

$(STAMP): requirements.lock infra/chalice/lambda.lock pyproject.toml
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing the libraries that the locks name into .venv" >&2
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(PY) -m infra.package --wheels
	@touch $@

run: $(STAMP)
	@exec $(PY) -m infra.local

test: $(STAMP) chromium
	@$(PY) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

# The browser that the pages are tried in comes from the distribution.
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null || { \
		echo "Installing Chromium for the tests of the pages" >&2; \
		root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$root apt-get update -qq && $$root apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

demo: $(STAMP)
	@$(PY) -m infra.demo

check: $(STAMP)
	@$(PY) -m ruff format --check
	@$(PY) -m ruff check
	@$(PY) -m mypy
	@$(PY) -m events --check
	@$(PY) -m infra.compiler --check
	@$(PY) -m infra.package --check

workflows: $(STAMP)
	@$(PY) -m infra.compiler

package: $(STAMP)
	@$(PY) -m infra.package

bench: $(STAMP)
	@$(PY) -m infra.bench

# Resolves pyproject.toml anew; the versions that the locks already hold are kept where they still fit.
UV := $(PY) -m uv pip compile -q --generate-hashes --custom-compile-command "make lock"

lock: $(STAMP)
	@$(PY) -m pip install -qq uv
	@$(UV) --universal --python-version 3.11 --group dev -o requirements.lock pyproject.toml
	@$(UV) --python-version 3.13 --python-platform aarch64-manylinux_2_28 --no-annotate \
		-c requirements.lock -o infra/chalice/lambda.lock pyproject.toml

clean:
	@rm -rf build .mypy_cache .ruff_cache
