"""Claims about the replay camera: it plays what was recorded, in order and in time, and says what it cannot play."""

import dataclasses
import threading
import time

import numpy as np
import pytest

from firmware.cameras.base import open_camera
from firmware.errors import CameraError, CameraStalled
from firmware.files.dng import encode_dng
from firmware.settings import CameraSettings, ReplaySettings, Settings
from isp.frames import Noise, RawFrame, Shot

SHOT = Shot(
    sensor="imx477",
    bayer="RGGB",
    black_dn=(256.0,) * 4,
    white_dn=4095.0,
    timestamp_ns=1,
    wall_time_ns=1763800000123456789,
    exposure_us=1000.0,
    analogue_gain=1.0,
    noise=Noise(1e-4, 1e-7),
)


def record(folder, name, value=1000, shape=(24, 32), **facts):
    frame = RawFrame(np.full(shape, value, np.uint16), dataclasses.replace(SHOT, **facts))
    (folder / name).write_bytes(b"".join(encode_dng(frame, None)))


@pytest.fixture
def camera_of(tmp_path):
    opened = []

    def make(folder=tmp_path, frames_per_second=100.0):
        replay = ReplaySettings(folder=str(folder), frames_per_second=frames_per_second)
        opened.append(open_camera(Settings(camera=CameraSettings(backend="replay"), replay=replay)))
        return opened[-1]

    yield make
    for camera in opened:
        camera.close()


@pytest.fixture
def three(tmp_path):
    for number in (1, 2, 3):
        record(tmp_path, f"IMG_000{number}.DNG", 1000 * number)


def test_a_folder_is_played_in_order_again_and_again(three, camera_of):
    camera = camera_of()
    camera.start()
    assert (camera.sensor, camera.frame_shape, camera.frame_interval_s) == ("imx477", (24, 32), 0.01)
    assert [int(camera.next_frame(1.0).pixels[0, 0]) for _ in range(7)] == [1000, 2000, 3000, 1000, 2000, 3000, 1000]


def test_frames_come_in_time_on_the_clock_of_the_buttons(three, camera_of):
    camera = camera_of(frames_per_second=50.0)
    before = time.monotonic_ns()
    camera.start()
    frames = [camera.next_frame(1.0) for _ in range(4)]
    after = time.monotonic_ns()
    times = [frame.shot.timestamp_ns for frame in frames]
    assert before <= times[0]
    assert times[-1] < after
    steps = np.diff(times)
    assert np.all(steps >= 20_000_000)
    assert np.all(steps % 20_000_000 == 0)
    assert after - before >= 4 * 20_000_000


def test_all_other_facts_stay_as_they_were_recorded(three, camera_of):
    camera = camera_of()
    camera.start()
    camera.set_exposure(5, 2.0)
    frame = camera.next_frame(1.0)
    assert dataclasses.replace(frame.shot, timestamp_ns=1) == SHOT


def test_a_frame_not_before_a_moment_began_after_it(three, camera_of):
    camera = camera_of()
    camera.start()
    moment = time.monotonic_ns() + 50_000_000
    assert moment <= camera.next_frame(1.0, not_before_ns=moment).shot.timestamp_ns <= moment + 500_000_000


def test_a_slow_play_stalls_in_words(three, camera_of):
    camera = camera_of(frames_per_second=0.1)
    camera.start()
    with pytest.raises(CameraStalled, match=r"one every 10 s.*frames_per_second"):
        camera.next_frame(0.05)


def test_the_pixels_are_the_callers_own(three, camera_of):
    camera = camera_of()
    camera.start()
    camera.next_frame(1.0).pixels[:] = 0
    for _ in range(2):
        camera.next_frame(1.0)
    assert int(camera.next_frame(1.0).pixels[0, 0]) == 1000


def test_a_bad_file_is_named_and_left_out(three, camera_of, tmp_path, caplog):
    (tmp_path / "IMG_0002.DNG").write_bytes(b"garbage")
    camera = camera_of()
    camera.start()
    assert [int(camera.next_frame(1.0).pixels[0, 0]) for _ in range(3)] == [1000, 3000, 1000]
    assert "left out" in caplog.text
    assert "IMG_0002.DNG" in caplog.text


def test_files_that_vanish_while_playing_are_left_out_until_none_is_left(three, camera_of, tmp_path):
    camera = camera_of()
    camera.start()
    (tmp_path / "IMG_0001.DNG").unlink()
    assert [int(camera.next_frame(1.0).pixels[0, 0]) for _ in range(3)] == [2000, 3000, 2000]
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(CameraError, match="any more"):
        camera.next_frame(1.0)
    record(tmp_path, "new.dng", 4000)
    camera.recover()
    assert int(camera.next_frame(1.0).pixels[0, 0]) == 4000


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda folder: folder, "holds no raw files"),
        (lambda folder: folder / "missing", "Cannot look into .*missing: No such file"),
        (lambda folder: "", "has no folder.*\\[replay\\] folder"),
    ],
)
def test_nothing_to_play_is_told_with_the_setting(camera_of, tmp_path, prepare, words):
    with pytest.raises(CameraError, match=words):
        camera_of(prepare(tmp_path)).start()


def test_a_folder_of_bad_files_only_is_refused(camera_of, tmp_path):
    (tmp_path / "a.dng").write_bytes(b"garbage")
    with pytest.raises(CameraError, match="None of the 1 raw files"):
        camera_of().start()


@pytest.mark.parametrize("other", [{"shape": (24, 34)}, {"sensor": "imx708"}])
def test_frames_of_another_size_or_sensor_are_refused(three, camera_of, tmp_path, other):
    record(tmp_path, "z.dng", **other)
    with pytest.raises(CameraError, match=r"z\.dng is .*IMG_0001\.DNG is 32 x 24"):
        camera_of().start()


def test_closing_ends_a_wait(three, camera_of):
    camera = camera_of(frames_per_second=0.1)
    camera.start()
    threading.Timer(0.05, camera.close).start()
    began = time.monotonic()
    with pytest.raises(CameraError, match="closed"):
        camera.next_frame(8.0)
    assert time.monotonic() - began < 5
