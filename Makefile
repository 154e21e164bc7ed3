# Each command sets up what it needs in .venv, of the versions in requirements/: nothing but Python 3.11 to 3.14 is assumed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all lint docs lock lowest wheel bench gpu exam diagnosis-exam parity reproduce claims learn calibration tuning intervals torture clean

demo: .venv/ready-demo
	$(BIN)/ganatomy demo

test: .venv/ready-dev lint
	$(BIN)/python -m pytest --numprocesses auto -m "not slow"

# What `make test` leaves out too: claims in training, load, large runs.
test-all: .venv/ready-dev lint
	$(BIN)/python -m pytest --numprocesses auto

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Put the tables that pages have from the code in their place: after adding an option, an objective, a recipe …
docs: .venv/ready-dev
	$(BIN)/python -m tools.docs

# Resolve requirements/ anew from pyproject.toml; what is pinned stays unless UPGRADE=--upgrade.
lock: .venv/ready-dev
	$(BIN)/python -m tools.lock $(UPGRADE)

# The tests with the lowest versions that pyproject.toml allows, in .venv-lowest (6 GB).
lowest: .venv-lowest/ready
	.venv-lowest/bin/python -m pytest --numprocesses auto -m "not slow" -W ignore::DeprecationWarning

# Build the wheel and run the demo from it in an empty environment outside the checkout.
wheel: .venv/ready-dev
	$(BIN)/python tests/wheel/check.py

# Side-by-side benchmarks; writes bench/results/. Takes half an hour on an idle machine.
bench: .venv/ready-dev
	$(BIN)/python -m bench

# Everything that needs a CUDA GPU, in some eight minutes at most; writes bench/results/. CIFAR10=PLACE learns from CIFAR-10.
gpu: .venv/ready-dev
	$(BIN)/python -m bench gpu
	$(BIN)/python -m pytest -m gpu tests/gpu

# Scores against torch-fidelity's, in a second environment that it makes by itself (.venv-vision, 6 GB).
parity: .venv/ready-dev
	$(BIN)/python tools/parity.py

# Which score notices which fault: DATA is a set of labelled images of ten classes, such as MNIST's IDX files.
DATA ?= digits
exam: .venv/ready-dev
	$(BIN)/python -m ganatomy.experiments.score_exam $(DATA) --out docs/exam

# What the diagnosis says of ruined and of healthy trainings; made for two hours on two idle cores; goes on where stopped.
diagnosis-exam: .venv/ready-dev
	$(BIN)/python -m ganatomy.experiments.diagnosis_exam --cost

# Every system trained and measured; writes docs/REPRODUCTION.md. Takes many hours; goes on where it was stopped.
MNIST ?= MNIST/raw
CIFAR10 ?= CIFAR10.zip
reproduce: .venv/ready-demo
	$(BIN)/ganatomy reproduce all --mnist $(MNIST) --cifar10 $(CIFAR10)

# The claims of the articles, decided by experiment; writes docs/CLAIMS.md. Takes up to an hour.
claims: .venv/ready-demo
	$(BIN)/ganatomy claims --run all

# The course and every failure, run for docs/LEARN.md, and a picture of each lesson. Takes an hour on two idle cores.
learn: .venv/ready-dev
	$(BIN)/python -m tools.learn
	$(BIN)/python -m tools.lesson_pictures
	$(BIN)/python -m tools.docs

# Trainings of auto from which its forecast follows; writes docs/FORECAST.md. Takes many hours; goes on where it was stopped.
calibration: .venv/ready-demo
	$(BIN)/python -m ganatomy.experiments.calibration

# Small configurations of the recipes, a sweep for each; writes docs/TUNING.md. Takes five hours on two idle cores.
tuning: .venv/ready-dev
	$(BIN)/python -m ganatomy.experiments.tuning --mnist $(MNIST) --cifar10 $(CIFAR10)

# How often each 95% interval covers, by simulation.
intervals: .venv/ready-dev
	$(BIN)/python -m bench intervals

# Kills, flipped bits, full disks, rivals: what is noticed, and that nothing is lost. Six minutes on two cores.
torture: .venv/ready-dev
	$(BIN)/python -m bench torture

LOCKS := $(filter-out requirements/lowest.lock, $(wildcard requirements/*.lock))

.venv/ready-demo: pyproject.toml $(LOCKS)
	$(PYTHON) tools/environment.py .venv torch demo
	touch $@

.venv/ready-dev: pyproject.toml $(LOCKS)
	$(PYTHON) tools/environment.py .venv torch demo dev
	touch $@ .venv/ready-demo

.venv-lowest/ready: pyproject.toml requirements/lowest.lock
	$(PYTHON) tools/environment.py .venv-lowest lowest
	touch $@

clean:
	rm -rf .venv .venv-lowest dist build
