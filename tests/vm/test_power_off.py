"""A long press on the mode button, where it is allowed, switches the real machine off, through logind."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from machines.board import MODE, Board
from machines.container import CommandFailed
from machines.guest_camera import SIMULATED, GuestCamera
from machines.virtual import booted

pytestmark = pytest.mark.vm

SETTINGS = SIMULATED.format(frames_per_second=2.0) + "[buttons]\nlong_press_s = 1.0\npower_off = true\n"
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
