# Paths are relative throughout: the project's folder may have spaces in its name.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
# How often the long loops of the tests go round; `make battery` asks for the full count.
BATTERY_ROUNDS ?= 2
export BATTERY_ROUNDS

BIN := .venv/bin
RUN := $(BIN)/python -m changzhi_eco.embedded run
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --quiet --upgrade

# Settings without servers, for tools that only read the code.
OFFLINE := DEPLOYMENT=local SECRET_KEY=- AUDIT_KEY=- ALLOWED_HOSTS=localhost DATABASE_URL=postgres://app@/none \
	DATABASE_OWNER_URL=postgres://owner@/none REDIS_URL=redis://none STATIC_ROOT=var/static MEDIA_ROOT=var/media
RANDOM_KEY = $$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(48))")

.PHONY: demo demo-data demo-data-remove test lint types check battery bench lock messages clean

demo: .venv/demo.stamp
	@$(BIN)/python -m changzhi_eco.embedded demo --port $(PORT)

# Both work beside a running demonstration and without one.
demo-data: .venv/demo.stamp
	@$(RUN) --name demo -- sh -c "$(BIN)/python manage.py prepare_demo && $(BIN)/python manage.py load_demo"

demo-data-remove: .venv/demo.stamp
	@$(RUN) --name demo -- $(BIN)/python manage.py load_demo --remove

test: lint types check
	$(RUN) -- $(BIN)/python -m pytest

lint: .venv/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --check --quiet

types: .venv/test.stamp
	$(OFFLINE) $(BIN)/mypy

check: .venv/test.stamp
	$(RUN) -- $(BIN)/python manage.py makemigrations --check --dry-run
	$(OFFLINE) DEPLOYMENT=production ALLOWED_HOSTS=eco.example SECRET_KEY=$(RANDOM_KEY) AUDIT_KEY=$(RANDOM_KEY) \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

battery: .venv/test.stamp
	BATTERY_ROUNDS=100 $(RUN) -- $(BIN)/python -m pytest -m battery

bench: .venv/test.stamp
	$(RUN) -- $(BIN)/python -m benchmarks

# Needs gettext, which running the portal does not: the compiled catalogue is committed as well.
messages: .venv/test.stamp
	$(OFFLINE) $(BIN)/python manage.py makemessages --locale en --add-location file --no-obsolete --no-wrap \
		--ignore var --ignore tests --ignore docs
	$(OFFLINE) $(BIN)/python manage.py compilemessages --locale en --ignore .venv --ignore var

# The newest versions that pyproject.toml allows, with the hashes of every platform's files.
lock: .venv/test.stamp
	$(LOCK) --extra embedded --output-file requirements.lock
	$(LOCK) --all-extras --constraint requirements.lock --output-file requirements-dev.lock

.venv/demo.stamp: requirements.lock | .venv
	@echo "安装锁定的依赖……  Installing the locked dependencies …"
	@$(INSTALL) requirements.lock
	@touch $@

.venv/test.stamp: requirements-dev.lock | .venv
	@echo "安装锁定的依赖……  Installing the locked dependencies …"
	@$(INSTALL) requirements-dev.lock
	@touch $@

.venv:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 11))" \
		|| { echo "需要 Python 3.11：make PYTHON=…   Python 3.11 is needed: make PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv .venv

clean:
	rm -rf .venv var staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
