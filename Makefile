# make demo    install into .venv, run the camera on its simulated sensor, press its buttons, show the pictures
# make test    the claims this camera makes, checked in a few minutes
# make train   train the networks that ship anew from ../shared: light's colour, zoom; weights and cards are written here
# make soak    every mode on a busy machine for MINUTES=30: what grows, what is missed
# make bench   speed and quality beside other software, as tables and JSON
PYTHON ?= python3
VENV   := .venv
PIP    := $(VENV)/bin/pip --disable-pip-version-check --quiet
RUN    := $(VENV)/bin
SHARED ?= ../shared
MINUTES ?= 30
SOURCES := $(shell find firmware isp accelerators configs systemd -type f -not -name '*.so' -not -name built-for.txt -not -path '*/__pycache__/*') \
           pyproject.toml CMakeLists.txt README.md

.PHONY: demo train test test-long test-systemd test-faults test-vm test-kills test-aarch64 soak fuzz bench install lint clean prerequisites

demo: $(VENV)/.installed
	$(RUN)/nightjar demo

test: $(VENV)/.installed lint
	$(RUN)/pytest

test-long: $(VENV)/.installed
	$(RUN)/pytest -m slow --timeout 3000

test-systemd: $(VENV)/.installed
	$(RUN)/pytest -m systemd -s --timeout 900

test-faults: $(VENV)/.installed
	$(RUN)/pytest -m faults

test-vm: $(VENV)/.installed
	$(RUN)/pytest -m vm -s --timeout 900

test-kills: $(VENV)/.installed
	$(RUN)/pytest -m kills -s --timeout 7200

# Here a missing compiler or emulator is a failure, not a skipped test.
test-aarch64: $(VENV)/.installed
	@command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null || \
	    { echo "Please run: sudo apt install g++-aarch64-linux-gnu qemu-user"; exit 1; }
	$(RUN)/pytest -m aarch64

train: $(VENV)/.installed
	$(PIP) install --no-build-isolation $(KEPT) ".[portrait,training]"
	$(RUN)/python -P -m accelerators.training.light --shared $(SHARED) --into accelerators/white_balance
	$(RUN)/python -P -m accelerators.training.upscaling --shared $(SHARED) --into accelerators/upscaling

# All doors through which bytes come, or one: make fuzz CASES=1000000 TARGET=dng
CASES ?= 100000
fuzz: $(VENV)/.installed
	$(PIP) install "atheris>=3.0"
	$(RUN)/python -P tests/fuzz/fuzz.py --cases $(CASES) $(if $(TARGET),--target $(TARGET))

soak: $(VENV)/.installed
	$(RUN)/python tests/soak/soak.py --minutes $(MINUTES)

bench: $(VENV)/.installed
	$(RUN)/python tests/bench/bench.py --json bench-results/bench.json

lint: $(VENV)/.installed
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .

install: $(VENV)/.installed

# What pip cannot bring: a compiler and Python's headers. As root on Debian they are installed, else asked for.
prerequisites:
	@missing=""; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Nightjar needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.13"; exit 1; }; \
	command -v g++ >/dev/null || missing="$$missing g++"; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	$(PYTHON) -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || missing="$$missing python3-dev"; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing$$missing"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	else echo "Please run: sudo apt install$$missing"; exit 1; fi

$(VENV)/.tools: pyproject.toml | prerequisites
	[ -x $(VENV)/bin/python ] || $(PYTHON) -m venv $(VENV)
	$(PIP) install "scikit-build-core>=0.10" "nanobind>=2.4" "cmake>=3.18" ninja
	touch $@

# No isolation and a kept build folder: a changed source file is rebuilt in seconds. Only here: root's installation
# (README, First photo on a Pi) would leave a folder that make may not write.
KEPT := --config-settings=build-dir=build/{wheel_tag}
$(VENV)/.installed: $(VENV)/.tools $(SOURCES)
	PATH="$(CURDIR)/$(RUN):$$PATH" $(PIP) install --no-build-isolation $(KEPT) ".[portrait,bench,dev]"
	$(PIP) install --no-deps picamera2==0.3.38  # its source is checked against; it runs only beside apt's libcamera
	touch $@

clean:
	rm -rf build $(VENV) bench-results
