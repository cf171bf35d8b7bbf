"""The power goes while a command writes: a file is what it was or what it became, and what was said to be done is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from crash.cutting import cut_everywhere
from crash.operations import Told
from crash.recording import Recording, TracedProcess, strace_command

from firmware.cameras.simulated import simulate
from firmware.darkroom.darkroom import encode_raw
from firmware.demo.bench_daemon import NIGHTJAR, same_code
from firmware.sensors import load_sensor
from firmware.settings_file import set_value
from isp.photo import photo_pipeline

pytestmark = pytest.mark.slow
BEFORE = b"# mine\n[sharpen]\namount = 0.2  # as I like it\n"


def run_traced(root: Path, watched: str, *words: str | Path, there: tuple[Path, ...] = ()) -> Recording:
    """A command, traced to its end; its exit code 0 tells of every file that it named."""
    trace = root / "trace.txt"
    recording = Recording(root, (watched,), tells=lambda message: ())
    for path in there:
        recording.was_there(path)
    command = [*strace_command(trace), *NIGHTJAR, *map(str, words)]
    assert TracedProcess(command, env=same_code(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait(60) == 0
    recording.read(trace)
    recording.operations.append(Told(tuple(path for path in (root / watched).iterdir())))
    return recording


def test_settings_are_the_old_ones_or_the_new_ones_and_can_be_set_again(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "site").mkdir()
    file = tmp_path / "etc/config.toml"
    file.write_bytes(BEFORE)
    recording = run_traced(
        tmp_path, "etc", "config", "set", "sharpen.amount", "0.7", "--config", tmp_path / "etc", there=(file,)
    )
    after = file.read_bytes()
    assert b"0.7  # as I like it" in after

    def judge(state, promises, site):
        folder = site.lay_out(state)
        found = (folder / "etc/config.toml").read_bytes()
        complaints = promises.broken_by(site.found())
        complaints += [] if found in (BEFORE, after) else [f"the settings are torn: {found!r}"]
        set_value(folder / "etc/config.toml", "sharpen.amount", "0.9")
        left = [path.name for path in (folder / "etc").iterdir()]
        return complaints + ([] if left == ["config.toml"] else [f"left behind: {left}"])

    kept = {tmp_path / "etc": None, file: BEFORE}
    judged = cut_everywhere(recording.operations, tmp_path, tmp_path / "site", kept, judge=judge)
    print(judged.in_words())
    assert judged.states > 5 and not judged.complaints, judged.in_words()


def test_developed_photos_are_whole_and_come_with_their_recipe(tmp_path):
    (tmp_path / "site").mkdir()  # holds no settings: the defaults
    frame, _ = simulate("astronaut", "imx219", 640, 480)
    raw = tmp_path / "street.DNG"
    raw.write_bytes(b"".join(encode_raw(frame, load_sensor("imx219").tuning, photo_pipeline())))
    recording = run_traced(tmp_path, "out", "develop", raw, "-o", tmp_path / "out", "--config", tmp_path / "site")

    def judge(state, promises, site):
        site.lay_out(state)
        found = site.found()
        seen = {path for path in found if found[path] != "folder" and not path.name.startswith(".")}
        torn = [f"{path.name} is torn" for path in seen if found[path] not in promises.whole[path]]
        without = [path.name for path in seen if path.suffix == ".JPG" and path.with_suffix(".json") not in seen]
        return promises.broken_by(found) + torn + [f"{name} has no recipe" for name in without]

    judged = cut_everywhere(recording.operations, tmp_path, tmp_path / "site", judge=judge)
    print(judged.in_words())
    assert judged.states > 50 and not judged.complaints, judged.in_words()
