"""LibRaw reads other cameras' files in a process of its own: what happens to that one costs one file, and no more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from fuzz.picture_targets import foreign_raws

from firmware.demo.bench_daemon import same_code
from firmware.errors import RawFileError
from firmware.files.raw_files.foreign import LibRawProcess

# A program that is asked for a file, and then does this.
ASKED = """
import json, os, signal, socket, sys, time
task = json.loads(sys.argv[1])
channel = socket.socket(fileno=task["channel"])
while channel.recv(16384):
    {does}
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.nef"
    path.write_bytes(foreign_raws()[0])
    return path


@pytest.fixture
def started():
    """Processes that end with the test."""
    made = []

    def start(does="", **options):
        program = (sys.executable, "-c", ASKED.format(does=does)) if does else ()
        made.append(LibRawProcess(program, **options))
        return made[-1]

    yield start
    for process in made:
        process.close()


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("sys.exit('corrupted size vs. prev_size')", "it said: corrupted size"),
        ("channel.send(b'[' * 5000)", "failed"),
        ("channel.send(b'{}')", "nonsense"),
        ('channel.send(b\'{"shape": [100000, 100000], "shot": {}}\')', "nonsense"),
        ('channel.send(b\'{"shape": [-1, 4], "shot": {}}\')', "nonsense"),
        ('channel.send(b\'{"shape": [true, 4], "shot": {}}\')', "nonsense"),
    ],
)
def test_a_file_that_ends_libraw_is_refused_by_name(started, path, does, words):
    with pytest.raises(RawFileError, match=rf"a\.nef cannot be read: .*{words}.*copy it again"):
        started(does).read(path)


def test_a_file_over_which_libraw_hangs_is_given_up(started, path):
    with pytest.raises(RawFileError, match=r"took longer than 0\.2 s"):
        started("time.sleep(1000)", read_s=0.2).read(path)


def test_facts_that_cannot_be_are_refused(started, path):
    does = 'os.ftruncate(task["pixels"], 8); channel.send(b\'{"shape": [2, 2], "shot": {"sensor": "x"}}\')'
    with pytest.raises(ValueError, match="lacks facts: bayer"):
        started(does).read(path)


def test_a_process_that_died_between_two_files_costs_none(started, path):
    libraw = started()
    first = libraw.read(path)
    os.kill(libraw.pid, signal.SIGKILL)
    again = libraw.read(path)
    assert again.shot == first.shot
    assert (again.pixels == first.pixels).all()


def test_one_process_reads_all_files_and_holds_none_of_them(started, path):
    libraw = started()
    libraw.read(path)
    first = libraw.pid
    path.write_bytes(b"II*\0" + bytes(100))
    with pytest.raises(RawFileError, match="LibRaw can read, or it is damaged"):
        libraw.read(path)
    path.write_bytes(foreign_raws()[1])
    assert libraw.read(path).shot.sensor == "unknown"
    assert libraw.pid == first


def test_the_process_ends_with_whoever_started_it(path):
    """However that ended."""
    code = (
        "import os, sys; from firmware.files.raw_files.foreign import LIBRAW; LIBRAW.read(sys.argv[1]);"
        "print(LIBRAW.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code, path], env=same_code(), stdout=subprocess.PIPE, timeout=60)
    left = int(done.stdout)
    deadline = time.monotonic() + 10
    while _runs(left) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(left)


def _runs(pid: int) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/exe") != ""
    except OSError:
        return False
