# The only door: everything that is done with this project is done through these targets. Variables may be given as
# environment or as arguments (make run PORT=9000); docs/settings.md lists them.

.DEFAULT_GOAL := help
.PHONY: help install run test lint bench drill fuzz load requirements messages clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed

help:
	@echo "make run    一条命令运行整个系统 · run the whole system (PORT, DATA_DIR, DATABASE_URL, REDIS_URL, DEMO)"
	@echo "make test   全部测试 · every check and test        make lint   代码检查 · style, imports, types"
	@echo "make bench  基准测试 · benchmarks                  make clean  删除 .venv 与缓存（不动数据）"

install: $(INSTALLED)

$(INSTALLED): requirements.txt requirements-dev.txt
	@echo "安装依赖（首次约一分钟）… Installing (about a minute the first time)…"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "需要 Python 3.11 或更高版本。 Python 3.11 or later is needed.")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@touch $@

run: export DEMO ?= 1
run: $(INSTALLED)
	@$(BIN)/python manage.py run

test: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest $(PYTEST)

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo
	@DEMO=1 $(BIN)/mypy

bench drill fuzz load: $(INSTALLED)
	@$(BIN)/python -m tests.$@

# After a change of requirements.in or requirements-dev.in.
requirements: $(INSTALLED)
	$(BIN)/pip-compile --quiet --strip-extras --no-header --no-emit-index-url --no-emit-find-links -o requirements.txt requirements.in
	$(BIN)/pip-compile --quiet --strip-extras --no-header --no-emit-index-url --no-emit-find-links -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf .venv .*_cache .import_linter_cache .hypothesis .data-test
