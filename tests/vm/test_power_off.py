"""A long press on the mode button, where it is allowed, switches the real machine off, through logind."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from machines.board import MODE, Board
from machines.container import CommandFailed
from machines.guest_camera import GuestCamera
from machines.virtual import booted

pytestmark = pytest.mark.vm

SETTINGS = """
[camera]
backend = "simulated"
width_px = 640
height_px = 480
frames_per_second = 2.0
frame_timeout_s = 60.0
[simulated]
sensor = "imx219"
[ring]
memory_mb = 16
[buttons]
long_press_s = 1.0
power_off = true
"""
OFF_LIMIT_S = 180.0
RULE = Path(__file__).parents[2] / "systemd/60-nightjar-power-off.rules"


def test_a_long_press_switches_the_machine_off(image, tmp_path):
    with booted(image, tmp_path) as machine:
        board, camera = Board(machine), GuestCamera(machine)
        machine.put("/etc/polkit-1/rules.d/60-nightjar-power-off.rules", RULE.read_text())
        camera.start(SETTINGS)
        camera.until_idle()
        # The login goes with the machine, perhaps before the finger lets go.
        with contextlib.suppress(CommandFailed):
            board.move(MODE, 1500)
        machine.wait_until_off(OFF_LIMIT_S)
