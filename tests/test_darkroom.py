"""The darkroom: the measurement is durable first, and one failing photo never stops the next."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import Future
from pathlib import Path

import pytest
import rawpy

from firmware.cameras.simulated import simulate
from firmware.darkroom.darkroom import Darkroom, Job, encode_raw, plan_photo
from firmware.darkroom.memory import check_photo_room
from firmware.errors import PressRefused, StorageError
from firmware.files.raw_files import read_raw
from firmware.sensors import load_sensor
from firmware.service.heartbeat import Heartbeats
from firmware.settings import StorageSettings
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter
from isp.errors import IspError
from isp.frames import Burst
from isp.photo import photo_pipeline
from isp.pipeline import Pipeline

PATIENCE_S = 20


@pytest.fixture
def card(tmp_path):
    opened = Card(StorageSettings(folder=str(tmp_path), state_folder=str(tmp_path / "state"), free_space_floor_mb=0))
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def writer(card):
    thread = CardWriter(card, Heartbeats())
    thread.start()
    yield thread
    thread.close(PATIENCE_S)


@pytest.fixture
def darkroom(writer):
    room = Darkroom(writer, Heartbeats(), changed=lambda: None)
    room.start()
    yield room
    room.close(PATIENCE_S)


@pytest.fixture
def job(card, writer):
    """A job of one small simulated frame; `dng` says whether its raw is kept."""
    frame, _ = simulate("astronaut", "imx219", 640, 480)
    tuning = load_sensor("imx219").tuning

    def make(dng: bool = True, **changes) -> Job:
        files = card.reserve()
        raw_done = writer.write(files.dng, encode_raw(frame, tuning, photo_pipeline())) if dng else None
        whole = Job(time.monotonic_ns(), "photo", Burst((frame,)), files, photo_pipeline(), tuning, 1, 90, raw_done)
        return dataclasses.replace(whole, **changes)

    return make


def cannot_develop() -> Pipeline:
    """A pipeline that ends before the photo is finished: developing refuses it."""
    return Pipeline(photo_pipeline().stages[:-1])


def test_a_photo_is_acknowledged_with_its_files_and_numbers(darkroom, job):
    accepted = job()
    darkroom.take(accepted)
    report = accepted.done.result(PATIENCE_S)
    assert all(Path(report[kind]).stat().st_size for kind in ("jpeg", "dng", "sidecar"))
    assert 0 < report["press_to_dng_ms"] < report["press_to_saved_ms"]
    assert report["develop_ms"] < report["press_to_saved_ms"]
    assert darkroom.tally.taken == 1


@pytest.mark.parametrize("dng", [True, False])
def test_when_developing_fails_the_measurement_is_kept_and_the_next_photo_is_made(darkroom, job, dng):
    failing, following = job(dng, pipeline=cannot_develop()), job(dng)
    darkroom.take(failing)
    darkroom.take(following)
    with pytest.raises(IspError):
        failing.done.result(PATIENCE_S)
    assert read_raw(failing.files.dng).shot == failing.burst.reference_frame.shot
    assert not failing.files.jpeg.exists()
    assert Path(following.done.result(PATIENCE_S)["jpeg"]).exists()
    assert (darkroom.tally.taken, darkroom.tally.failed) == (1, 1)
    assert failing.files.jpeg.name in darkroom.tally.last_error


def test_a_photo_whose_measurement_the_card_refused_gets_its_jpeg_but_is_not_acknowledged(darkroom, job):
    refused = Future()
    refused.set_exception(StorageError("The card fails."))
    failing = job(raw_done=refused)
    darkroom.take(failing)
    with pytest.raises(StorageError, match="The card fails"):
        failing.done.result(PATIENCE_S)
    assert failing.files.jpeg.stat().st_size > 0
    assert darkroom.tally.failed == 1


@pytest.mark.parametrize("illuminant_k", [2850, 6500])
def test_other_developers_are_told_the_colour_of_the_light(illuminant_k, tmp_path):
    frame, _ = simulate("chart", "imx477", 1332, 990, illuminant_k=illuminant_k)
    assert frame.shot.colour_gains is None, "this camera measured no white balance"
    tuning = load_sensor("imx477").tuning
    path = tmp_path / "chart.dng"
    path.write_bytes(b"".join(encode_raw(frame, tuning, plan_photo(photo_pipeline(), frame, tuning))))
    with rawpy.imread(str(path)) as raw:
        red, green, blue = raw.camera_whitebalance[:3]
    assert (green / red, green / blue) == pytest.approx(tuning.grey_at(illuminant_k), rel=0.06)


def test_a_name_that_is_taken_is_never_written_over(writer, card):
    files = card.reserve()
    writer.write(files.jpeg, b"first").result(PATIENCE_S)
    with pytest.raises(StorageError):
        writer.write(files.jpeg, b"second").result(PATIENCE_S)
    assert files.jpeg.read_bytes() == b"first"


def test_where_memory_lacks_a_photo_is_refused_in_words(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable: 100000 kB\n")
    with pytest.raises(PressRefused, match=r"takes 148 MB.*102 MB of memory are free.*\[ring\] memory_mb"):
        check_photo_room(148_000_000, meminfo)
    check_photo_room(102_000_000, meminfo)
    check_photo_room(148_000_000, tmp_path / "no such file")
