"""The process that holds the accelerator is killed, hangs or talks nonsense: portraits come, and so does the device."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from measures.shared_folder import SHARED
from measures.whole_photos import assert_safe

from accelerators.runtime.devices import find_library
from firmware.commands.status import lines

pytestmark = pytest.mark.faults

PUBLISHED = SHARED / "models" / "coral"
FILES = [f"deeplabv3_mnv2_dm05_pascal_quant{twin}.tflite" for twin in ("", "_edgetpu")]
DEADLINE_S = 1.0
PORTRAITS = {
    "simulated__scene": "astronaut",
    "accelerator__deadline_s": DEADLINE_S,
    "darkroom__mode": "portrait",
    "portrait__keep_plain": False,
    "portrait__keep_mask": False,
}
PIDFD_GETFD = 438  # on every processor since Linux 5.6


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The files that `nightjar models fetch` gets."""
    if not PUBLISHED.is_dir():
        pytest.skip(f"the published models are not in {PUBLISHED}")
    folder = tmp_path_factory.mktemp("models")
    for name in (*FILES, "pascal_voc_segmentation_labels.txt"):
        shutil.copy(PUBLISHED / name, folder)
    return folder


@pytest.fixture(scope="module")
def camera(module_bench, models):
    """Portraits by a network in a child process: all that a Coral stick goes through but the stick."""
    return module_bench.start(accelerator__device="child", accelerator__models_folder=models, **PORTRAITS)


def portrait(camera) -> dict:
    """Take one; what its sidecar says of who found the subject."""
    photo = camera.call("shoot")
    assert_safe(photo)
    return json.loads(Path(photo["sidecar"]).read_text())["portrait"]


def answered_by_child(camera) -> int:
    """Take portraits until the child has answered one, as somebody would who knows of nothing. The child's number."""
    for _ in range(40):
        if portrait(camera)["device"] == "child":
            return camera.call("status")["accelerator"]["device"]["child"]
    raise AssertionError(f"the child never answered: {camera.call('status')['accelerator']}")


def speak_for(child: int, packet: bytes) -> None:
    """Say something to the daemon through the child's own end of the channel."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(child)
    try:
        for name in os.listdir(f"/proc/{child}/fd"):
            if not os.readlink(f"/proc/{child}/fd/{name}").startswith("socket:"):
                continue
            theirs = libc.syscall(PIDFD_GETFD, process, int(name), 0)
            if theirs < 0:
                pytest.skip(f"this machine lets nobody speak for another process: {os.strerror(ctypes.get_errno())}")
            with socket.socket(fileno=theirs) as end:
                end.send(packet)
            return
    finally:
        os.close(process)
    raise AssertionError("the child has no channel")


FAULTS: dict[str, tuple[Callable[[int], None], str]] = {
    "killed": (lambda child: os.kill(child, signal.SIGKILL), "its process was ended by SIGKILL"),
    "hung": (lambda child: os.kill(child, signal.SIGSTOP), "gave no answer within"),
    "garbage": (lambda child: speak_for(child, b"\xff\x00 not json"), "sent garbage"),
    "another answer": (lambda child: speak_for(child, b'{"sequence": -1, "checksum": 0}'), "answered picture -1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_child_in_trouble_costs_no_photo_and_is_replaced_by_itself(camera, fault):
    do, words = FAULTS[fault]
    child = answered_by_child(camera)
    assert camera.call("status")["warnings"] == []
    do(child)

    told = portrait(camera)
    assert told["blurred"] and told["device"] == "cpu", told
    assert words in told["fell_back"]
    status = camera.call("status")
    (warning,) = [line for line in lines(status) if line.startswith("warning")]
    assert "The processor answers in the Edge TPU's place" in warning and words in warning
    assert any(line.startswith("network  ") and "on cpu" in line and words in line for line in lines(status))

    assert answered_by_child(camera) != child
    status = camera.call("status")
    assert status["warnings"] == []
    assert any(line.startswith("network  ") and "on child" in line for line in lines(status))
    assert not Path(f"/proc/{child}").exists(), "the old child was left behind"
    assert status["photos"]["failed"] == 0


def test_a_child_that_hangs_while_the_daemon_ends_holds_nothing_up(camera):
    child = answered_by_child(camera)
    os.kill(child, signal.SIGSTOP)
    assert camera.stop() == 0
    assert not Path(f"/proc/{child}").exists()


def test_the_real_library_without_a_stick_costs_no_photo_and_says_what_to_plug_in(bench, models):
    library = find_library(os.environ.get("NIGHTJAR_LIBEDGETPU", ""))
    if library is None:
        pytest.skip("libedgetpu is not installed; name it in NIGHTJAR_LIBEDGETPU")
    named = {"accelerator__device": ":0", "accelerator__library": library, "accelerator__models_folder": models}
    bench.start(**named, **PORTRAITS)
    told = portrait(bench)
    assert told["blurred"] and told["device"] == "cpu"
    status = bench.until(lambda status: status["warnings"])
    assert "The processor answers in the Edge TPU's place" in status["warnings"][0]
    assert "plug it in" in status["warnings"][0]
    assert bench.stop() == 0
