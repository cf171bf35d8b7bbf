"""`nightjar bench night`: measured on this machine, with nothing but what is installed."""

from __future__ import annotations

import json

import pytest

from firmware.bench.night import measure_night
from firmware.cli import main
from firmware.commands.bench import lines


def test_two_frames_take_nearly_half_of_the_noise_and_cost_is_told(capsys):
    assert main(["bench", "night", "--mpix", "1", "--frames", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sensor"], told["width"], told["height"], told["frames"]) == ("imx477", 1332, 990, 2)
    still = [burst for burst in told["gained"] if not burst["hand_held"]]
    assert len(still) == len(told["gained"]) / 2 >= 2
    # Of 3.01 dB that averaging two frames gives.
    assert all(2.5 < burst["gain_db"] < 3.1 for burst in still)
    assert all(burst["gain_db"] > 1.5 for burst in told["gained"])
    costs = told["costs"]
    assert told["sums"]["frame_ms"] == pytest.approx(sum(costs[f"{work}_ms"] for work in ("pyramid", "align", "merge")))
    frame_mb = 1332 * 990 * 2 / 2**20
    assert told["peak_mb"] > 2 * frame_mb


def test_what_cannot_be_measured_is_said(capsys):
    assert main(["bench", "night", "--frames", "1"]) == 2
    assert "2 to 64 frames" in capsys.readouterr().err
    assert main(["bench", "day"]) == 2
    assert main(["bench", "night", "--sensor", "imx9"]) == 1
    assert "imx9" in capsys.readouterr().err


def test_the_table_names_every_burst():
    done = []
    table = list(lines(measure_night("imx219", 0.3, 2, done.append)))
    for scene in ("room", "lamps"):
        assert sum(line.startswith(scene) for line in table) == 2
    told = "\n".join(table)
    assert "-0.00" not in told
    assert "one more frame" in told and "peak memory" in told
    assert "room, still: merging" in done
