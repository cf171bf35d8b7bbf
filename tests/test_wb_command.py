"""`nightjar wb` and what answers it: a grey card in the newest photo, a lock, a mode of its own."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil

import cv2
import numpy as np
import pytest

from firmware.camera_thread import CameraReport, CameraThread
from firmware.cameras.simulated import simulate
from firmware.cli import main
from firmware.commands.wb import lines
from firmware.control.json_rpc import ParamsError
from firmware.control.methods import request_handlers
from firmware.control.server import ControlServer
from firmware.darkroom.darkroom import Darkroom
from firmware.errors import PressRefused, WhiteBalanceError
from firmware.files.sidecar import read_sidecar
from firmware.look import Look
from firmware.night.night import Night
from firmware.ring import Ring
from firmware.service.heartbeat import Heartbeats
from firmware.service.reloading import build_pipelines
from firmware.settings import ControlSettings, Settings, StorageSettings
from firmware.shooting import Shooting
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter
from firmware.white_balance.balances import Balances
from firmware.white_balance.judging import Judging
from firmware.white_balance.kept import FILE
from firmware.white_balance.requests import WhiteBalanceRequests
from isp.errors import FrameError
from isp.frames import RawFrame
from isp.light import classical

PATIENCE_S = 20.0
INTERVAL_NS = 100_000_000
# Of a tube, greener than any light of the curve: far from what would be judged.
CARD = (0.74, 0.44)


def showing_card(frame: RawFrame, level: float = 0.3, grey: tuple[float, float] = CARD) -> RawFrame:
    """The frame with a card before the whole lens, so bright that green reads this share of white."""
    shot = frame.shot
    linear = dict(zip("RGB", (level * grey[0], level, level * grey[1]), strict=True))
    pixels = frame.pixels.copy()
    for position, letter in enumerate(shot.bayer):
        black = shot.black_dn[position]
        pixels[position // 2 :: 2, position % 2 :: 2] = round(black + linear[letter] * (shot.white_dn - black))
    return RawFrame(pixels, shot)


@functools.cache
def scene_in_daylight() -> RawFrame:
    return simulate("chart", "imx219", 640, 480, illuminant_k=5000.0)[0]


class Bench:
    """Shooting with everything behind it, a ring that the test fills, and what answers `nightjar wb`."""

    def __init__(self, folder):
        self.folder = folder
        self.settings = Settings(
            storage=StorageSettings(folder=str(folder), state_folder=str(folder / "state"), free_space_floor_mb=0)
        )
        self.scene = scene_in_daylight()
        self.number = 0
        heartbeats = Heartbeats()
        self.card = Card(self.settings.storage)
        self.card.open()
        self.camera = CameraThread(self.settings, heartbeats, lambda: None)
        self.camera.report = CameraReport("streaming")
        writer = CardWriter(self.card, heartbeats)
        self.darkroom = Darkroom(writer, heartbeats, lambda: None)
        night = Night(self.camera, self.card, writer, self.darkroom, heartbeats, lambda: None)
        self.balances = Balances(folder / "state", Judging(lambda: classical))
        look = Look(self.settings, build_pipelines(self.settings))
        parts = (self.camera, self.card, writer, self.darkroom, night)
        self.shooting = Shooting(look, *parts, lambda: None, balances=self.balances)
        self.requests = WhiteBalanceRequests(self.shooting, self.camera, self.card)
        self.handlers = request_handlers(self.shooting, dict, dict, dict, self.requests.answer, dict)
        self.parts = (self.darkroom, writer)
        for part in self.parts:
            part.start()

    def see(self, frame: RawFrame) -> None:
        """The next frame in the ring."""
        self.camera.ring = self.camera.ring or Ring(16, frame.pixels.nbytes, INTERVAL_NS / 1e9)
        self.number += 1
        shot = dataclasses.replace(frame.shot, timestamp_ns=self.number * INTERVAL_NS)
        self.camera.ring.push(RawFrame(frame.pixels, shot))

    def shoot(self, frame: RawFrame, mode=None) -> dict:
        """A photo of this frame."""
        self.see(frame)
        self.see(frame)
        return self.shooting.press((self.number - 1) * INTERVAL_NS, mode).done.result(PATIENCE_S)

    def ask(self, action="show", **params) -> dict:
        return self.handlers["white_balance"]({"action": action} | params)

    def close(self):
        for part in self.parts:
            part.close(PATIENCE_S)
        self.card.close()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def light_of(photo) -> dict:
    with open(photo["sidecar"]) as file:
        return json.load(file)["white_balance"]


def middle_of(photo) -> np.ndarray:
    """Mean red, green, blue of the photo's middle."""
    picture = cv2.imread(photo["jpeg"])[..., ::-1]
    height, width = picture.shape[:2]
    return picture[height // 2 - 20 : height // 2 + 20, width // 2 - 20 : width // 2 + 20].mean(axis=(0, 1))


# A grey card


def test_after_a_card_was_photographed_the_next_photo_shows_it_grey(bench):
    before = middle_of(bench.shoot(showing_card(bench.scene)))
    told = bench.ask("card")
    photo = bench.shoot(showing_card(bench.scene))
    assert np.ptp(before) > 5, "the light was judged otherwise"
    assert np.ptp(middle_of(photo)) < 2
    assert light_of(photo)["source"] == "custom"
    assert told["modes"]["photo"]["choice"]["kind"] == "custom"
    assert told["cards"]["imx219"]["file"] == "IMG_0001.DNG"


def test_the_newest_photo_is_meant_even_where_its_raw_file_is_gone(bench):
    bench.shoot(showing_card(bench.scene))
    (bench.folder / "DCIM/100NGHTJ/IMG_0002.JPG").write_bytes(b"taken with another setting")
    with pytest.raises(WhiteBalanceError, match=r"IMG_0002.JPG, has no raw file"):
        bench.ask("card")
    assert bench.ask()["modes"]["photo"]["choice"] is None


def test_without_any_photo_there_is_no_card(bench):
    with pytest.raises(WhiteBalanceError, match="no photo on the card"):
        bench.ask("card")


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (lambda scene: showing_card(scene, level=1.2), "blown"),
        (lambda scene: showing_card(scene, level=0.001), "dark"),
        (lambda scene: scene, "uneven|no one colour"),
        (lambda scene: showing_card(scene, grey=(0.1, 0.1)), "coloured"),
    ],
)
def test_what_is_no_grey_card_is_refused_and_changes_nothing(bench, frame, why):
    bench.ask("choose", choice="tungsten")
    clipped = np.minimum(frame(bench.scene).pixels, int(bench.scene.shot.white_dn))
    bench.shoot(RawFrame(clipped.astype(np.uint16), bench.scene.shot))
    with pytest.raises(FrameError, match=why):
        bench.ask("card")
    assert bench.ask()["modes"]["photo"]["choice"]["kind"] == "tungsten"


def test_a_photo_in_work_is_waited_for(bench):
    bench.see(showing_card(bench.scene))
    bench.see(showing_card(bench.scene))
    pressed = bench.shooting.press((bench.number - 1) * INTERVAL_NS)
    assert bench.ask("card")["cards"]["imx219"]["file"] == "IMG_0001.DNG"
    assert pressed.done.done()


def test_a_card_before_another_sensor_is_refused(bench):
    bench.see(bench.scene)
    with pytest.raises(WhiteBalanceError, match="taken with imx477, and this camera has imx219"):
        bench.ask("card", grey=[0.8, 0.5], sensor="imx477", file="IMG_0007.DNG")


@pytest.mark.parametrize("grey", [[1.0], [1.0, 0.0], [1.0, "blue"], [1.0, True], [1e9, 1.0], []])
def test_a_grey_that_no_card_has_is_refused(bench, grey):
    bench.see(bench.scene)
    with pytest.raises(WhiteBalanceError, match="two numbers"):
        bench.ask("card", grey=grey, sensor="imx219", file="IMG_0007.DNG")


# Lock, modes, the moment


def test_a_locked_light_holds_for_the_next_scene_and_the_sidecar_says_so(bench):
    first = light_of(bench.shoot(bench.scene))
    told = bench.ask("lock")
    photo = bench.shoot(showing_card(bench.scene))
    held = light_of(photo)
    assert held["grey"] == pytest.approx(first["grey"], rel=1e-3)
    assert held["why"].startswith("Locked.")
    assert f"locked at {first['temperature_k']} K" in told["modes"]["photo"]["in_words"]
    bench.ask("unlock")
    assert light_of(bench.shoot(showing_card(bench.scene)))["grey"] != pytest.approx(first["grey"], rel=0.02)


def test_locking_again_takes_the_light_that_is_there_now(bench):
    bench.see(bench.scene)
    first = bench.ask("lock")["modes"]["photo"]["locked"]["grey"]
    bench.see(showing_card(bench.scene))
    assert bench.ask("lock")["modes"]["photo"]["locked"]["grey"] != pytest.approx(first, rel=0.02)


def test_a_light_that_is_fixed_has_nothing_to_lock(bench):
    bench.see(bench.scene)
    bench.ask("choose", choice="4200K")
    with pytest.raises(WhiteBalanceError, match="nothing to lock"):
        bench.ask("lock")


def test_a_covered_lens_has_no_light_to_lock(bench):
    bench.see(showing_card(bench.scene, level=0.0))
    with pytest.raises(WhiteBalanceError, match="no light to lock"):
        bench.ask("lock")


def test_a_tint_alone_does_not_end_a_lock(bench):
    bench.see(bench.scene)
    locked = bench.ask("lock")["modes"]["photo"]["locked"]
    with pytest.raises(WhiteBalanceError, match=r"locked.*nightjar wb auto --tint 3"):
        bench.ask("choose", tint=3.0)
    assert bench.ask()["modes"]["photo"]["locked"] == locked


def test_before_the_first_frame_there_is_nothing_to_lock_and_a_choice_may_be_made(bench):
    with pytest.raises(WhiteBalanceError, match="no frame yet"):
        bench.ask("lock")
    assert bench.ask("choose", choice="shade")["light"] is None


def test_a_choice_is_for_the_next_press_and_not_for_one_that_waits(bench):
    bench.see(bench.scene)
    bench.see(bench.scene)
    chosen = bench.shooting.choose((bench.number - 1) * INTERVAL_NS)
    bench.ask("choose", choice="3000K")
    waiting = bench.shooting.accept(chosen).done.result(PATIENCE_S)
    assert light_of(waiting)["source"] == "classical"
    assert light_of(bench.shoot(bench.scene))["temperature_k"] == 3000


def test_what_is_chosen_for_a_mode_is_seen_in_its_photos_only(bench):
    bench.ask("choose", choice="3000K", mode="plain")
    assert light_of(bench.shoot(bench.scene, "plain"))["temperature_k"] == 3000
    assert light_of(bench.shoot(bench.scene, "photo"))["source"] == "classical"


def test_the_recipe_of_a_photo_makes_it_again_whatever_is_chosen_meanwhile(bench, tmp_path):
    bench.ask("choose", choice="3000K", tint=4.0)
    photo = bench.shoot(bench.scene)
    bench.ask("choose", choice="shade")
    assert main(["develop", photo["dng"], "-o", str(tmp_path / "again")]) == 0
    again = tmp_path / "again" / "IMG_0001.JPG"
    with open(photo["jpeg"], "rb") as file:
        assert again.read_bytes() == file.read()
    assert read_sidecar(photo["sidecar"]).recipe == read_sidecar(again.with_suffix(".json")).recipe


@pytest.mark.parametrize("told", ["card", "lock"])
def test_a_photo_developed_brighter_keeps_the_light_that_was_told_or_locked(bench, tmp_path, told):
    bench.shoot(showing_card(bench.scene))
    bench.ask(told)
    photo = bench.shoot(bench.scene)

    def developed(*words):
        folder = tmp_path / words[-1]
        assert main(["develop", photo["dng"], "-o", str(folder), *words]) == 0
        return light_of({"sidecar": folder / "IMG_0002.json"})

    assert developed("--set", "tone.exposure_ev=0.5") == light_of(photo)
    judged = developed("--no-sidecar")
    assert judged["grey"] != pytest.approx(light_of(photo)["grey"], rel=0.05)
    assert developed("--set", "white_balance.preset=shade")["temperature_k"] == 7500
    greener = developed("--set", "white_balance.tint=9")
    assert greener["tint"] == pytest.approx(9.0 + (light_of(photo) if told != "lock" else judged)["tint"], abs=0.1)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"action": "paint"}, "allowed: show, choose"),
        ({"action": "choose", "choice": "shade", "tint": "green"}, "tint"),
        ({"action": "choose", "choice": "shade", "tint": True}, "tint"),
        ({"action": "show", "colour": 1}, "Unknown param"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(bench, params, why):
    with pytest.raises(ParamsError, match=why):
        bench.handlers["white_balance"](params)


@pytest.mark.parametrize(
    "told",
    [
        {"grey": [10**400, 1.0], "sensor": "imx219"},
        {"grey": CARD},
        {"grey": CARD, "sensor": "../../etc"},
        {"grey": CARD, "sensor": "imx219", "file": "x" * 60_000},
    ],
)
def test_a_card_that_another_program_made_up_is_refused_and_not_kept(bench, told):
    with pytest.raises(WhiteBalanceError):
        bench.ask("card", **told | {"grey": list(told["grey"])})
    assert not (bench.folder / "state" / FILE).exists()


def test_a_tint_may_be_a_whole_number(bench):
    assert bench.ask("choose", choice="shade", tint=5)["general"]["choice"]["tint"] == 5


def test_an_unknown_mode_is_refused_with_the_modes_there_are(bench):
    with pytest.raises(PressRefused, match="Modes: photo"):
        bench.ask("choose", choice="shade", mode="evening")


# The command


@pytest.fixture
def nightjar(bench, capsys):
    """`nightjar wb` against the bench."""
    control = ControlSettings(socket=str(bench.folder / "c.sock"), group="no-such-group")
    server = ControlServer(control, bench.handlers, Heartbeats())
    server.open()
    server.start()
    bench.see(bench.scene)

    def run(*words):
        code = main(["wb", *words, "--set", f"control.socket={control.socket}"])
        written = capsys.readouterr()
        return code, written.out, written.err

    yield run
    server.close(5)


def test_the_command_shows_every_mode_and_the_light_of_now(nightjar):
    code, out, _ = nightjar()
    assert code == 0
    assert out.splitlines()[0] == "* photo     as the settings say: auto"
    assert "light now, in mode photo:" in out and "K, 9 in 10)" in out


def test_the_command_says_what_holds_after_each_change(nightjar):
    assert "* photo     4200 K, tint +5" in nightjar("4200K", "--tint", "5")[1]
    assert "  night     tungsten  (this mode's own)" in nightjar("tungsten", "--mode", "night")[1]
    assert "* photo     4200 K, tint -3" in nightjar("--tint", "-3")[1]
    assert "  night     4200 K, tint -3" in nightjar("reset", "--mode", "night")[1]
    assert "when unlocked" in nightjar("auto")[1] + nightjar("lock")[1]
    told = json.loads(nightjar("unlock", "--json")[1])
    assert told["modes"]["photo"]["choice"] == {"kind": "auto", "temperature_k": None, "tint": 0.0}
    assert next(iter(lines(told))) == "* photo     auto"


def test_the_command_measures_a_named_raw_file_itself_and_finds_it_beside_its_jpeg(nightjar, bench, tmp_path):
    photo = bench.shoot(showing_card(bench.scene))
    shutil.copy(photo["dng"], tmp_path / "card.DNG")
    assert "grey card of imx219: card.DNG" in nightjar("--from", str(tmp_path / "card.DNG"))[1]
    assert "grey card of imx219: IMG_0001.DNG" in nightjar("--from", photo["jpeg"])[1]
    assert "grey card of imx219: IMG_0001.DNG" in nightjar("--from", "last")[1]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["purple"], 1, "Choose auto"),
        (["lok"], 1, "lock, unlock, reset"),
        (["shade", "--from", "last"], 2, "does not go with"),
        (["lock", "--tint", "3"], 2, "does not go with lock"),
        (["custom"], 1, "--from last"),
        (["--from", "nowhere.DNG"], 1, "is not there"),
        (["--from", "nowhere.JPG"], 1, "no raw file nowhere.DNG beside it"),
        (["--tint", "green"], 2, "invalid float"),
        (["--tint", "nan"], 1, "tint"),
        (["shade", "--mode", "evening"], 1, "Modes: photo"),
        (["shade", "--mode", ""], 1, "Modes: photo"),
    ],
)
def test_a_command_that_cannot_be_is_refused_in_words(nightjar, words, code, why):
    found, out, error = nightjar(*words)
    assert (found, out) == (code, "")
    assert why in error
