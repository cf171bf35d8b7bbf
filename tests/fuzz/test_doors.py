"""Bytes that nobody of ours wrote: a door takes them or refuses them in words, and nothing else happens."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.mutation import GRAMMARS, changed
from fuzz.target import Target
from fuzz.targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.demo.bench_daemon import same_code

SEEDS = Path(__file__).with_name("seeds")
# These go through libraries of C++ in this process, which a bad file could end; the long run has them in others.
IN_ANOTHER_PROCESS = {"model"}
HERE = [target for target in TARGETS.values() if target.name not in IN_ANOTHER_PROCESS]
LARGE = 2**32
NUMBER = st.integers(0, LARGE - 1)
CHANGES = st.lists(st.tuples(NUMBER, NUMBER, NUMBER), min_size=1, max_size=6)
REPLAY = """
import pathlib, sys
from fuzz.targets import TARGETS
for path in sys.argv[2:]:
    TARGETS[sys.argv[1]].examine(pathlib.Path(path).read_bytes())
"""
QUICK, LONG = 8, 2000


@pytest.fixture(autouse=True)
def quiet_log():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def examine_changed(target: Target, examples: int) -> None:
    files = target.files()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(which=NUMBER, changes=CHANGES)
    def holds(which, changes):
        target.examine(changed(files, which, changes, target.grammar))

    holds()


@pytest.mark.parametrize("target", HERE, ids=lambda target: target.name)
def test_changed_files_are_taken_or_refused_in_words(target):
    examine_changed(target, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("target", HERE, ids=lambda target: target.name)
def test_thousands_of_changed_files_are_taken_or_refused_in_words(target):
    examine_changed(target, LONG)


@pytest.mark.parametrize("target", HERE, ids=lambda target: target.name)
def test_each_target_begins_with_files_that_its_door_takes(target):
    """Else nothing but the refusal would be tried."""
    assert any(target.examine(content) for content in target.files())


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_once_was_a_defect_stays_mended(name):
    kept = sorted((SEEDS / name).glob("*"))
    if name in IN_ANOTHER_PROCESS and kept:
        command = [sys.executable, "-P", "-c", REPLAY, name, *map(str, kept)]
        folders = [str(SEEDS.parents[1]), same_code()["PYTHONPATH"]]
        subprocess.run(command, env=same_code() | {"PYTHONPATH": os.pathsep.join(folders)}, check=True, timeout=60)
        return
    for path in kept:
        TARGETS[name].examine(path.read_bytes())


def test_every_kept_file_belongs_to_a_target_and_all_are_small():
    assert {folder.name for folder in SEEDS.glob("*")} <= set(TARGETS)
    assert sum(path.stat().st_size for path in SEEDS.rglob("*") if path.is_file()) < 1_000_000


@pytest.mark.parametrize("grammar", sorted(GRAMMARS))
@settings(max_examples=50, deadline=None)
@given(content=st.binary(max_size=40), which=NUMBER, changes=CHANGES)
def test_any_bytes_can_be_changed_and_the_same_way_again(grammar, content, which, changes):
    once, again = (changed([content, b"other"], which, changes, grammar) for _ in range(2))
    assert once == again
