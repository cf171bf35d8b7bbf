"""A zoomed photo from its raw file again, byte for byte; and zoomed photos from raw files of every kind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import simplejpeg
from measures.zoom_stand_in import TOLD, OnTripod, StandIn, broken, doubling
from night_bench import PATIENCE_S, NightBench

from firmware.cameras.simulated import simulate
from firmware.darkroom.modes import load_modes
from firmware.darkroom.redevelop import develop_file
from firmware.darkroom.wishes import Wishes
from firmware.errors import SidecarError, ZoomError
from firmware.files.dng import encode_dng
from firmware.files.raw_files import read_frame, read_raw
from firmware.files.sidecar import read_sidecar
from firmware.settings import ZoomSettings
from firmware.white_balance.judging import Judging
from firmware.zoom import entry
from firmware.zoom.entry import entry_of, fault_of, shares_of, with_steps
from isp.frames import MOST_FRAMES
from isp.knobs import knob_fields
from isp.zoom.crop import LARGEST, SMALLEST, crop_for
from isp.zoom.zoomed import ZoomStory


def entry_beside(jpeg: Path) -> dict:
    return json.loads(jpeg.with_suffix(".json").read_text())["zoom"]


def again(file, folder, mode="photo", **wishes):
    """Develop it as `nightjar develop` does."""
    asked = Wishes(folder, load_modes()[mode], {}, {}, 93, judge=Judging(), **wishes)
    return Path(develop_file(file, folder / f"{file.stem}.JPG", asked).jpeg)


class Failing(StandIn):
    """Breaks with its second frame."""

    def add(self, frame):
        if len(self):
            raise MemoryError("no room")
        return super().add(frame)


@pytest.mark.parametrize(
    ("merge", "factor", "network"),
    [
        (StandIn, 3.0, None),
        pytest.param(StandIn, 2.0, None, marks=pytest.mark.slow),
        pytest.param(OnTripod, 1.5, doubling, marks=pytest.mark.slow),
        pytest.param(OnTripod, 2.0, None, marks=pytest.mark.slow),
        pytest.param(Failing, 3.0, None, marks=pytest.mark.slow),
    ],
)
def test_raw_file_and_sidecar_give_the_zoomed_photo_again_byte_for_byte(night, tmp_path, merge, factor, network):
    upscaling = network and network()
    bench = night(zoomed=merge, zoom=ZoomSettings(factor=factor, frames=2, dim_frames=2), upscaling=upscaling)
    accepted = bench.press("zoom")
    accepted.done.result(PATIENCE_S)
    jpeg = again(accepted.files.dng, tmp_path / "again", upscale=upscaling)
    assert jpeg.read_bytes() == accepted.files.jpeg.read_bytes()
    assert entry_beside(jpeg) == entry_beside(accepted.files.jpeg)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A photo whose second half a network drew."""
    bench = NightBench(
        tmp_path_factory.mktemp("drawn"),
        zoomed=OnTripod,
        zoom=ZoomSettings(frames=2, dim_frames=2),
        upscaling=doubling(),
    )
    accepted = bench.press("zoom")
    accepted.done.result(PATIENCE_S)
    bench.close()
    return accepted.files


@pytest.fixture
def learned(drawn, tmp_path):
    """Its raw file, with the sidecar beside it."""
    for file in (drawn.dng, drawn.sidecar):
        shutil.copy(file, tmp_path)
    return tmp_path / drawn.dng.name


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (
            lambda: doubling(digest="cd" * 32),
            r"Another network enlarged this photo \(SHA-256 abababababab..., here it is",
        ),
        (broken, "here it does not answer.*no LiteRT runtime.*--no-sidecar"),
    ],
)
def test_what_another_network_drew_is_never_passed_off_as_the_photo(learned, tmp_path, network, complaint):
    with pytest.raises(ZoomError, match=complaint):
        again(learned, tmp_path / "again", upscale=network())
    assert not (tmp_path / "again").exists()


def test_planned_anew_in_the_mode_that_zooms_it_shows_the_same_part_and_says_what_was_missing(learned, tmp_path):
    jpeg = again(learned, tmp_path / "anew", "zoom", plan_anew=True, upscale=broken())
    anew, before = entry_beside(jpeg), entry_beside(learned)
    assert anew["crop"] == before["crop"] and anew["asked"] == 2.0
    assert (anew["rung"], before["rung"]) == ("plain", "learned")
    assert "no LiteRT runtime" in anew["without_network"] and anew["why"] == before["why"]
    assert simplejpeg.decode_jpeg(jpeg.read_bytes()).shape == (480, 640, 3)


def test_planned_anew_in_another_mode_the_raw_file_is_developed_as_it_is(learned, tmp_path):
    jpeg = again(learned, tmp_path / "photo", "photo", plan_anew=True)
    assert "zoom" not in json.loads(jpeg.with_suffix(".json").read_text())
    assert simplejpeg.decode_jpeg(jpeg.read_bytes()).shape == (240, 320, 3)


@pytest.mark.slow
def test_a_folder_of_frames_that_moved_becomes_one_zoomed_photo_and_its_linear_raw(tmp_path, ask):
    folder = tmp_path / "walk"
    folder.mkdir()
    for number in range(6):
        frame, _ = simulate("astronaut", "imx219", 640, 480, frame_number=number, handshake_px=10.0)
        (folder / f"{number}.DNG").write_bytes(b"".join(encode_dng(frame, None)))
    code, out, error = ask("develop", "--mode", "zoom", folder, "-o", tmp_path / "out")
    assert code == 0, error
    assert "6 frames merged" in out and "% measured" in out
    dng = tmp_path / "out/walk.DNG"
    assert read_frame(dng).pixels.shape == (480, 640, 3)
    frames = read_sidecar(dng.with_suffix(".json")).burst["frames"]
    assert [told["file"] for told in frames] == [f"{number}.DNG" for number in range(6)]
    assert ask("develop", dng, "-o", tmp_path / "again")[0] == 0
    assert (tmp_path / "again/walk.JPG").read_bytes() == (tmp_path / "out/walk.JPG").read_bytes()


@pytest.fixture
def recorded(tmp_path):
    """A burst of three frames in a folder."""
    folder = tmp_path / "burst"
    folder.mkdir()
    for number in range(3):
        frame, _ = simulate("astronaut", "imx219", 640, 480, frame_number=number)
        (folder / f"{number}.DNG").write_bytes(b"".join(encode_dng(frame, None)))
    return folder


def test_one_frame_alone_is_zoomed_too_and_its_raw_file_keeps_the_whole(recorded, tmp_path, ask):
    file = recorded / "1.DNG"
    words = ("develop", "--mode", "zoom", "--zoom", "3", "--set", "zoom.learned=false", file, "-o", recorded)
    code, out, error = ask(*words)
    assert code == 0, error
    assert "zoomed 3 times, 100 % plain: There is one frame, so nothing could be measured between its pixels." in out
    jpeg = recorded / "1.JPG"
    assert simplejpeg.decode_jpeg(jpeg.read_bytes()).shape[:2] == (480, 636)
    assert read_raw(file).pixels.shape == (480, 640)
    assert ask("develop", file, "-o", tmp_path / "again")[0] == 0
    assert (tmp_path / "again/1.JPG").read_bytes() == jpeg.read_bytes()


@pytest.mark.parametrize("factor", ["0.9", "3.1", "nan", "far"])
def test_a_factor_that_cannot_be_is_refused_in_words(tmp_path, ask, factor):
    code, _, error = ask("develop", "--mode", "zoom", "--zoom", factor, tmp_path / "1.DNG")
    assert code != 0 and "factor" in error


def test_a_zoom_in_a_mode_without_one_is_a_wrong_command(tmp_path, ask):
    code, _, error = ask("develop", "--zoom", "2", tmp_path / "1.DNG")
    assert code == 2 and "add --mode zoom" in error


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("rung", "invented", "zoom.rung is 'invented'"),
        ("asked", "2", "zoom.asked is '2'"),
        ("asked", 0.0, "zoom.asked is 0"),
        ("factor", float("inf"), "zoom.factor is inf"),
        ("crop", {"top": 0}, "zoom.crop"),
        ("size", [0, 10], "zoom.size"),
        ("size", [10**6, 10**6], "zoom.size"),
        ("enlarged", [{"by": "magic", "size": [1, 1]}], "zoom.enlarged"),
        ("enlarged", [{"by": "learned", "size": [4, 4]}], "zoom.enlarged"),
        ("enlarged", [{"by": "classical", "size": [480, 640]}] * 3, "zoom.enlarged"),
        ("enlarged", [{"by": "classical", "size": [240, 320]}], "zoom.enlarged"),
        ("shares", None, "zoom.shares is None; by rung and steps they are"),
        ("shares", {"measured": 1.0, "learned": 0.0, "plain": 0.0}, "zoom.shares"),
        ("why", 7, "zoom.why is 7"),
        ("diversity", "much", "zoom.diversity"),
    ],
)
def test_an_entry_that_cannot_be_ours_is_told_by_name(name, value, complaint):
    crop = crop_for((480, 640), 2.0)
    story = ZoomStory(2.0, 1.0, crop, "plain", 0.0, 5.0, None, "The camera stood still.")
    whole = with_steps(entry_of(story), [{"by": "learned", "size": [480, 640]} | TOLD])
    assert fault_of(whole) == ""
    assert complaint in fault_of(whole | {name: value})


def test_a_sidecar_with_a_damaged_entry_is_refused(learned):
    sidecar = learned.with_suffix(".json")
    sidecar.write_text(sidecar.read_text().replace('"learned"', '"dreamed"'))
    with pytest.raises(SidecarError, match=r"IMG_0001.json: zoom.rung is 'dreamed'"):
        read_sidecar(sidecar)


def test_an_entry_without_a_reason_is_told_by_name(learned):
    entry = entry_beside(learned)
    del entry["why"]
    assert fault_of(entry) == "zoom.why is None; it must be a str or null."


def rewrite(learned, **changes):
    """The entry beside a raw file, with these changes and shares that fit them."""
    stored = json.loads(learned.with_suffix(".json").read_text())
    stored["zoom"] |= changes
    stored["zoom"]["shares"] = shares_of(stored["zoom"])
    learned.with_suffix(".json").write_text(json.dumps(stored))


HUGE = [24_000, 32_000]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        # As large as that it would take the memory of the machine.
        (dict(crop=dict(top=0, left=0, height=8000, width=11000), size=HUGE, enlarged=[]), "11000 x 8000.*320 x 240"),
        (dict(size=[470, 640], enlarged=[]), r"a photo of \(height, width\) \[470, 640\]; its part"),
        (dict(rung="measured"), "tells of a measured zoom.*with one colour a pixel"),
        (dict(rung="plain", enlarged=[]), r"by its steps it has \[240, 320\]"),
    ],
)
def test_an_entry_that_does_not_fit_its_raw_file_is_refused_before_a_file_is_written(
    learned, tmp_path, changes, complaint
):
    rewrite(learned, **changes)
    with pytest.raises((SidecarError, ZoomError), match=f"{complaint}.*--no-sidecar"):
        again(learned, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_the_entry_s_ranges_are_those_of_the_zoom_itself():
    assert (entry.SMALLEST, entry.LARGEST, entry.MOST_FRAMES) == (SMALLEST, LARGEST, MOST_FRAMES)
    knobs = {field.name: facts for field, facts in knob_fields(ZoomSettings)}
    assert (knobs["factor"].low, knobs["factor"].high) == (SMALLEST, LARGEST)


@pytest.mark.parametrize("asked", [1.0, 1.3, 1.5, 2.0, 2.5, 3.0])
@pytest.mark.parametrize("rung", ["measured", "learned", "plain"])
def test_the_shares_add_up_to_one_and_name_who_drew_the_pixels(asked, rung):
    factor = min(asked, 2.0) if rung == "measured" else 1.0
    crop = crop_for((480, 640), asked)
    story = ZoomStory(asked, factor, crop, "measured" if rung == "measured" else "plain", 0.83721, 5.0, None)
    steps = [{"by": "learned", "size": [2 * crop.height, 2 * crop.width]} | TOLD] if rung == "learned" else []
    shares = with_steps(entry_of(story), steps)["shares"]
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert all(0 <= share <= 1 for share in shares.values())
    assert (shares["measured"] > 0, shares["learned"] > 0) == (rung == "measured", rung == "learned" and asked > 1)
