"""512 MB, as a Zero 2 W has or MemoryMax= leaves: each mode works or is refused in words, nobody is ended for it."""

from __future__ import annotations

import contextlib
import tomllib

import pytest
from faults.control_group import ControlGroup
from measures.whole_photos import assert_safe

from firmware.control.client import RequestRefused, call
from firmware.paths import CONFIGS

pytestmark = pytest.mark.faults

LIMIT_BYTES = 512_000_000
# Beside what is in use: less than developing one photo of 12 megapixels takes.
NO_PHOTO_BYTES = 120_000_000
ZERO_2_W = tomllib.loads((CONFIGS / "boards" / "zero-2-w.toml").read_text())
# A subject to be found, and a hand that lets zoom measure between the pixels.
SCENE = {"simulated__sensor": "imx477", "simulated__scene": "astronaut", "simulated__lux": 100.0}
# Of a burst on a busy machine.
PATIENCE_S = 150.0
MODES = ("photo", "plain", "night", "portrait", "zoom")


def shoot(bench, **wishes) -> dict:
    return call(bench.socket, "shoot", wishes, PATIENCE_S)


@pytest.fixture
def limited(bench):
    """Starts the daemon in a group of this much memory; nobody of it has been ended at the end of the test."""
    with contextlib.ExitStack() as at_end:

        def start(**settings) -> ControlGroup:
            group = ControlGroup("memory", f"nightjar-memory-{bench.folder.name}")
            at_end.callback(group.close)
            at_end.callback(bench.kill)
            group.limit_memory(LIMIT_BYTES)
            bench.launch(**settings)
            group.add(bench.process.pid)
            bench.wait_for("READY=1")
            bench.until(lambda status: status["state"] == "ready")  # a frame of 12 megapixels takes its time
            return group

        yield start


def test_with_the_settings_for_a_zero_2_w_every_mode_works(bench, limited):
    of_board = {f"{table}__{key}": value for table, values in ZERO_2_W.items() for key, value in values.items()}
    group = limited(**SCENE, **of_board, simulated__handshake_px=4.0)
    for mode in MODES:
        assert_safe(shoot(bench, mode=mode))
    queued = [shoot(bench, mode="photo", wait=False) for _ in range(ZERO_2_W["darkroom"]["queue"])]
    assert_safe(shoot(bench, mode="photo"))
    status = bench.until(lambda status: status["photos"]["queue"] == 0)
    assert (status["photos"]["taken"], status["photos"]["failed"]) == (len(MODES) + len(queued) + 1, 0)
    assert group.ended_for_want_of_memory() == 0
    print(f"{group.most_used_bytes() / 1e6:.0f} MB at most")


def test_with_frames_of_12_megapixels_what_does_not_fit_is_refused_in_words(bench, limited):
    large = {"camera__width_px": 4056, "camera__height_px": 3040, "ring__memory_mb": 60, "darkroom__queue": 1}
    group = limited(**SCENE | {"simulated__scene": "chart"}, **large)
    refused = {}
    for mode in MODES:
        try:
            photo = shoot(bench, mode=mode)
        except RequestRefused as refusal:
            refused[mode] = str(refusal)
        else:
            assert_safe(photo)
            if mode == "portrait":
                refused[mode] = photo["why"]
    assert "night" in refused and "portrait" in refused
    for mode, words in refused.items():
        assert "MB of memory are free" in words and "[camera] width_px" in words, f"{mode}: {words}"
    assert "photo" not in refused
    group.limit_memory(group.used_bytes() + NO_PHOTO_BYTES)
    with pytest.raises(RequestRefused, match=r"A photo takes 148 MB.*MB of memory are free.*\[camera\] width_px"):
        shoot(bench, mode="photo")
    group.limit_memory(LIMIT_BYTES)
    assert_safe(shoot(bench, mode="photo"))
    assert group.ended_for_want_of_memory() == 0
    assert bench.process.poll() is None
    print(f"{group.most_used_bytes() / 1e6:.0f} MB at most")
