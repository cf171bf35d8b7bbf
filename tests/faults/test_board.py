"""Heat and low voltage, as the kernel tells them: what the user reads, what the camera does, and that it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firmware.commands.status import lines

pytestmark = pytest.mark.faults

THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"
HEAT = "class/thermal/thermal_zone0/temp"
NIGHT = {
    "darkroom__mode": "night",
    "exposure__fixed_us": 20_000,
    "exposure__fixed_gain": 8.0,
    "night__clean_shadow": 200.0,
}


@pytest.fixture
def board(bench):
    """A folder like /sys: a cool board with a good supply."""
    sysfs = bench.folder / "sys"
    for name, text in ((THROTTLED, "0\n"), (HEAT, "48312\n")):
        (sysfs / name).parent.mkdir(parents=True)
        (sysfs / name).write_text(text)
    return sysfs


@pytest.mark.parametrize(
    ("file", "bad", "good", "words", "what_to_do"),
    [
        (HEAT, "84123\n", "60000\n", "heat", "give the board air"),
        (THROTTLED, "50005\n", "50000\n", "low voltage", "power supply"),
    ],
)
def test_heat_and_low_voltage_are_told_and_bursts_are_short_while_they_last(
    bench, board, file, bad, good, words, what_to_do
):
    bench.start(board__sysfs=board, **NIGHT)
    assert bench.call("status")["board"] == {"temperature_c": 48.312, "trouble": None}
    (board / file).write_text(bad)
    assert "ready" not in bench.wait_for(f", {words}")
    status = bench.call("status")
    assert (status["state"], status["light"]) == ("ready", "ready")
    shown = "\n".join(lines(status))
    assert f"warning  {words}: " in shown
    assert what_to_do in shown
    assert "Bursts end early" in shown
    burst = json.loads(Path(bench.call("shoot")["sidecar"]).read_text())["burst"]
    assert burst["ended"].startswith(words)
    assert burst["collected"] < burst["plan"]["frames"]

    (board / file).write_text(good)
    bench.until(lambda status: status["board"]["trouble"] is None and not status["warnings"])
    burst = json.loads(Path(bench.call("shoot")["sidecar"]).read_text())["burst"]
    assert burst["collected"] == burst["plan"]["frames"]
    assert "The board: well again" in bench.log


def test_a_board_that_tells_nothing_of_itself_is_no_trouble(bench, board):
    (board / HEAT).write_text("no number\n")
    (board / THROTTLED).unlink()
    bench.start(board__sysfs=board)
    assert bench.call("status")["board"] == {"temperature_c": None, "trouble": None}
    assert bench.call("status")["warnings"] == []
