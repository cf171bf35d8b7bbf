"""`nightjar selftest`: each check is right about a board whose truth is known, and leaves it as it found it."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from gpiozero.pins.mock import MockConnectedPin
from measures.model_shelf import make_shelf

from firmware.body.header import position_of
from firmware.body.pins import open_factory
from firmware.cameras.simulated import SimulatedCamera
from firmware.cli import STOPPED
from firmware.demo.bench_daemon import NIGHTJAR, same_code
from firmware.doctor.examination import OK, PROBLEM, WARNING, Machine
from firmware.errors import CameraError, FrameTorn
from firmware.selftest.bench import Bench
from firmware.selftest.checks.buttons import check_buttons_by_hand
from firmware.selftest.checks.card import NAME, check_card_speed
from firmware.selftest.checks.frames import check_frames
from firmware.selftest.checks.heat import check_heat, look_at
from firmware.selftest.checks.light import check_light
from firmware.selftest.checks.modes import check_modes
from firmware.selftest.checks.networks import check_networks
from firmware.selftest.checks.press import check_press
from firmware.selftest.checks.raw import check_raw
from firmware.selftest.loop import BY_WIRE, lit
from firmware.selftest.result import SKIPPED
from firmware.selftest.selftest import AREAS, refuse_beside_a_daemon, run_selftest
from firmware.settings import (
    AcceleratorSettings,
    ButtonSettings,
    CameraSettings,
    Settings,
    SimulatedSettings,
    StorageSettings,
)

SMALL = CameraSettings(backend="simulated", width_px=640, height_px=480, frames_per_second=100.0)
# Pins of their own: a mock pin keeps its wire as long as the process.
WIRED = ButtonSettings(pin_factory="mock", led_pin=5, shutter_pin=6, debounce_ms=0)


@pytest.fixture
def bench(tmp_path):
    """A quick test of a small simulated camera, on a machine that is empty but for a folder of photos."""
    (tmp_path / "photos").mkdir()
    storage = StorageSettings(folder="/photos", free_space_floor_mb=0)
    simulated = SimulatedSettings(sensor="imx219", scene="grey")
    settings = Settings(camera=SMALL, simulated=simulated, storage=storage, buttons=WIRED)
    return Bench(settings, Machine(settings, tmp_path, tools="", uid=os.getuid()), quick=True)


class LedPin(MockConnectedPin):
    """Joined to the shutter's pin by a wire; remembers when it was switched."""

    def _change_state(self, value):
        vars(self).setdefault("switched", []).append((time.monotonic_ns(), bool(value)))
        return super()._change_state(value)


@pytest.fixture
def wire():
    """The LED's pin, joined to the shutter's."""
    factory = open_factory("mock")
    return factory.pin(WIRED.led_pin, pin_class=LedPin, input_pin=factory.pin(WIRED.shutter_pin))


def only(results):
    (result,) = results
    return result


def value(result, name):
    return next(item.value for item in result.measured if item.name == name)


def changed(bench, **tables):
    return dataclasses.replace(bench, settings=dataclasses.replace(bench.settings, **tables))


class BesideTheLight(SimulatedCamera):
    """A camera that looks at white paper, lit by an LED: an exposure holds as much of its light as it was on for."""

    late_ns = 0

    def __init__(self, settings, led):
        super().__init__(settings)
        self._led = led

    def next_frame(self, timeout_s, not_before_ns=None):
        frame = super().next_frame(timeout_s, not_before_ns)
        shot = frame.shot
        end_ns = shot.timestamp_ns + int(shot.exposure_us * 1000)
        switched = self._led.switched
        ends = [at for at, _ in switched[1:]] + [time.monotonic_ns()]
        on_ns = sum(
            max(min(until, end_ns) - max(at, shot.timestamp_ns), 0)
            for (at, is_on), until in zip(switched, ends, strict=True)
            if is_on
        )
        lit = (frame.pixels + round(200 * on_ns / (end_ns - shot.timestamp_ns))).astype(np.uint16)
        stamped = dataclasses.replace(shot, timestamp_ns=shot.timestamp_ns + self.late_ns)
        return dataclasses.replace(frame, pixels=lit, shot=stamped)


@pytest.mark.slow
def test_every_mode_is_asked_for_and_what_was_granted_is_told(bench):
    sensor, *modes = check_modes(bench)
    assert value(sensor, "sensor") == "imx219"
    assert [mode.title for mode in modes] == [
        "3280 x 2464 at 10 bit",
        "1640 x 1232 at 10 bit",
        "640 x 480 at 10 bit",
    ]
    assert all(mode.verdict == OK for mode in modes), modes
    assert value(modes[2], "pace") == pytest.approx(206, rel=0.01)


@pytest.mark.slow
def test_a_mode_that_is_not_granted_is_named_and_the_others_are_asked_for(bench):
    class WithoutBinning(SimulatedCamera):
        def start(self):
            if self.frame_shape == (1232, 1640):
                raise CameraError("no buffers for it")
            super().start()

    _, *modes = check_modes(dataclasses.replace(bench, opener=WithoutBinning))
    assert [mode.verdict for mode in modes] == [OK, PROBLEM, OK]
    assert "no buffers for it" in modes[1].why


def test_a_sensor_that_nobody_measured_has_its_modes_listed_all_the_same(bench):
    class Strange(SimulatedCamera):
        def start(self):
            raise CameraError("The camera module calls itself imx999. No sensor file.")

    result = only(check_modes(dataclasses.replace(bench, opener=Strange)))
    assert (result.verdict, "imx999" in result.why, value(result, "modes listed")) == (PROBLEM, True, 3)


def test_the_wire_presses_and_every_press_finds_its_frame(bench, wire):
    calm = changed(bench, camera=dataclasses.replace(SMALL, frames_per_second=20.0))
    result = only(check_press(calm))
    assert BY_WIRE in result.did
    assert value(result, "not heard") == 0
    assert value(result, "the farthest") < 2 * 50, "the frame itself, or its neighbour on a busy machine"
    assert 0 <= value(result, "the latest") < 1000, "stamped by the clock that frames carry"
    assert wire.state == 0, "the light is dark again"
    with lit(WIRED):
        pass  # and every pin is free: who holds one is told otherwise


def test_without_pins_the_press_is_skipped_with_the_way_to_have_them(bench):
    result = only(check_press(changed(bench, buttons=ButtonSettings(pin_factory="none"))))
    assert (result.verdict, "pin_factory lgpio" in result.mend) == (SKIPPED, True)


@pytest.mark.slow
def test_frames_that_see_the_light_agree_with_its_pin(bench, wire):
    dim = SimulatedSettings(sensor="imx219", scene="grey", lux=30)
    calm = changed(bench, simulated=dim, camera=dataclasses.replace(SMALL, frames_per_second=20.0))
    lit = dataclasses.replace(calm, opener=lambda settings: BesideTheLight(settings, wire), quick=False)
    result = only(check_light(lit))
    assert result.verdict == OK, result
    assert abs(value(result, "seen later than lit, median")) < 1
    assert value(result, "frames in whose exposure it went on") >= 1
    assert wire.state == 0


def test_a_camera_whose_stamps_are_an_exposure_late_is_found_out(bench, wire):
    class Late(BesideTheLight):
        late_ns = 30_000_000

    result = only(check_light(dataclasses.replace(bench, opener=lambda settings: Late(settings, wire))))
    assert (result.verdict, value(result, "the farthest") > 15) == (PROBLEM, True), result


def test_a_light_that_is_not_seen_is_no_verdict(bench):
    result = only(check_light(bench))
    assert (result.verdict, "paper" in result.mend) == (SKIPPED, True)


def test_a_camera_that_keeps_its_pace_loses_and_repeats_nothing(bench):
    pace, clock = check_frames(bench)
    assert value(pace, "interval found") == pytest.approx(10, rel=0.01)
    assert value(pace, "frames that came twice") == 0
    assert 0 <= value(clock, "youngest frame on arrival") < 1000


@pytest.mark.slow
def test_frames_from_the_future_are_a_problem(bench):
    class Ahead(SimulatedCamera):
        def next_frame(self, timeout_s, not_before_ns=None):
            frame = super().next_frame(timeout_s, not_before_ns)
            ahead = dataclasses.replace(frame.shot, timestamp_ns=frame.shot.timestamp_ns + 10**9)
            return dataclasses.replace(frame, shot=ahead)

    _, clock = check_frames(dataclasses.replace(bench, opener=Ahead))
    assert clock.verdict == PROBLEM


@pytest.mark.slow
@pytest.mark.parametrize(("cable", "amiss"), [("torn 3", "torn"), ("repeating 4", "twice")])
def test_a_bad_cable_is_seen_in_the_frames(bench, tmp_path, cable, amiss):
    (tmp_path / "cable").write_text(cable)
    on_it = dataclasses.replace(bench.settings.simulated, cable=str(tmp_path / "cable"))
    pace, _ = check_frames(changed(bench, simulated=on_it))
    assert pace.verdict == WARNING, pace
    assert value(pace, f"frames that came {amiss}") >= 5
    assert "ribbon" in pace.mend


def test_through_a_cable_that_tears_every_frame_nothing_is_measured_and_that_is_said(bench):
    class Torn(SimulatedCamera):
        def next_frame(self, timeout_s, not_before_ns=None):
            raise FrameTorn("libcamera says of a frame: Error. Check that the ribbon cable sits straight.")

    frames, raw = run_selftest(dataclasses.replace(bench, opener=Torn), ["frames", "raw"])
    assert {frames.verdict, raw.verdict} == {PROBLEM, SKIPPED}
    assert "ribbon" in frames.why + raw.why


@pytest.mark.slow
def test_raw_frames_agree_with_what_the_camera_says_of_them(bench):
    raw = {result.title: result for result in check_raw(bench)}
    assert all(result.verdict == OK for result in raw.values()), raw
    assert value(raw["format"], "black level") == "64 64 64 64"
    assert value(raw["noise"], "noise, of the known") == pytest.approx(1, abs=0.1)
    assert value(raw["white level"], "cut off at") == 1023


@pytest.mark.slow
def test_a_wrong_black_level_is_a_problem(bench):
    class Darker(SimulatedCamera):
        def next_frame(self, timeout_s, not_before_ns=None):
            frame = super().next_frame(timeout_s, not_before_ns)
            return dataclasses.replace(frame, pixels=np.maximum(frame.pixels, 16) - 16)

    raw = {result.title: result for result in check_raw(dataclasses.replace(bench, opener=Darker))}
    assert (raw["black level"].verdict, raw["white level"].verdict) == (PROBLEM, PROBLEM)


def test_the_card_is_measured_and_nothing_is_left_on_it(bench, tmp_path):
    for name in (f"{NAME}-3", f".{NAME}-4.partial", "IMG_0001.JPG"):
        (tmp_path / "photos" / name).write_bytes(b"of an earlier test, and a photo")
    result = only(check_card_speed(bench))
    assert len(result.measured) == 3 and all(item.value > 0 for item in result.measured)
    assert os.listdir(tmp_path / "photos") == ["IMG_0001.JPG"]


def test_a_card_without_room_is_not_filled(bench):
    full = changed(bench, storage=StorageSettings(folder="/photos", free_space_floor_mb=10**6))
    assert only(check_card_speed(full)).verdict == SKIPPED


def test_heat_is_told_before_and_after(bench, tmp_path):
    zone = tmp_path / "sys/class/thermal/thermal_zone0/temp"
    zone.parent.mkdir(parents=True)
    zone.write_text("48000\n")
    before = look_at(bench.machine)
    zone.write_text("83500\n")
    temperature, power = check_heat(before, look_at(bench.machine))
    assert (temperature.verdict, value(temperature, "temperature after")) == (WARNING, 83.5)
    assert power.verdict == SKIPPED


def test_a_running_daemon_keeps_its_camera_and_the_command_that_stops_it_is_named(running):
    settings = Settings()
    control = dataclasses.replace(settings.control, socket=running.socket)
    with pytest.raises(CameraError, match="sudo systemctl stop nightjar"):
        refuse_beside_a_daemon(Machine(settings), dataclasses.replace(settings, control=control))


def test_a_service_that_is_about_to_start_is_waited_out_by_name(bench, tmp_path):
    (tmp_path / "tools").mkdir()
    tool = tmp_path / "tools/systemctl"
    tool.write_text('#!/bin/sh\n[ "$4" = nightjar-again.timer ] && echo active || echo failed\n')
    tool.chmod(0o755)
    machine = dataclasses.replace(bench.machine, tools=f"{tmp_path}/tools")
    with pytest.raises(CameraError, match=r"sudo systemctl stop nightjar-again\.timer\. Then"):
        refuse_beside_a_daemon(machine, bench.settings)
    refuse_beside_a_daemon(bench.machine, bench.settings)


def test_the_report_is_one_file_for_people_and_programs(ask, tmp_path):
    file = tmp_path / "report.txt"
    words = ["selftest", "--only", "card,heat", "--quick", "--json", "--out", file]
    code, told, said = ask(*words, "--set", f"storage.folder={tmp_path}", "--set", "storage.free_space_floor_mb=0")
    assert (code, "attach it" in said) == (0, True)
    report = json.loads(told)
    text = file.read_text()
    assert json.loads(text[text.index("\n{") :]) == report
    assert {result["area"] for result in report["results"]} == {"card", "heat"}
    assert str(tmp_path) not in text
    for result in report["results"]:
        assert result["did"] and all(item["bar"] for item in result["measured"])
        assert result["verdict"] == OK or result["why"]


def test_wrong_words_are_refused_before_anything_is_measured(ask, tmp_path):
    code, _, said = ask("selftest", "--only", "lens")
    assert code == 2 and all(area in said for area in AREAS)
    (tmp_path / "old.txt").write_text("mine")
    code, _, said = ask("selftest", "--out", tmp_path / "old.txt")
    assert (code, (tmp_path / "old.txt").read_text()) == (2, "mine")
    assert ask("selftest", "--out", tmp_path / "nowhere" / "x.txt")[0] == 2


def test_the_wiring_is_drawn(ask):
    code, drawn, _ = ask("selftest", "--wiring")
    assert code == 0
    assert "shutter button  GPIO 17 (11) (12)" in drawn
    assert "1 kilohm" in drawn


FINGERS = ButtonSettings(pin_factory="mock", shutter_pin=7, mode_pin=8, led_pin=9)


def test_a_finger_is_heard_and_its_bounces_are_counted_as_one_press(bench):
    def finger(doing):
        """Down with three bounces, and up again after a while."""
        pin = open_factory("mock").pin(7 if "shutter" in doing else 8)
        for move in (pin.drive_low, pin.drive_high, pin.drive_low):
            move()
        threading.Timer(0.05, pin.drive_high).start()

    by_hand = dataclasses.replace(changed(bench, buttons=FINGERS), doing=finger)
    shutter, mode = check_buttons_by_hand(by_hand)
    assert (shutter.verdict, mode.verdict) == (OK, OK), (shutter, mode)
    assert value(shutter, "edges") == 4
    assert value(shutter, "pin") == f"GPIO 7 (pin {position_of(7)})"


@pytest.mark.slow
def test_a_button_that_nobody_hears_is_a_problem_with_the_wiring_to_look_at(bench):
    for result in check_buttons_by_hand(changed(bench, buttons=FINGERS)):
        assert (result.verdict, "--wiring" in result.mend) == (PROBLEM, True)


def test_ctrl_c_in_the_middle_leaves_the_light_dark_the_pins_free_and_the_camera_closed(bench, wire):
    closed = []

    class Stopped(SimulatedCamera):
        def next_frame(self, timeout_s, not_before_ns=None):
            assert wire.state == 1, "the light is on when it happens"
            raise KeyboardInterrupt

        def close(self):
            closed.append(True)
            super().close()

    with pytest.raises(KeyboardInterrupt):
        list(check_light(dataclasses.replace(bench, opener=Stopped)))
    assert (wire.state, bool(closed)) == (0, True)
    with lit(WIRED):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_the_test_of_the_card_leaves_no_file(bench, tmp_path, number):
    photos = tmp_path / "photos"
    words = [
        "selftest",
        "--only",
        "card",
        "--set",
        f"storage.folder={photos}",
        "--set",
        "storage.free_space_floor_mb=0",
    ]
    (tmp_path / "etc").mkdir()
    tested = subprocess.Popen(
        [*NIGHTJAR, *words, "--config", str(tmp_path / "etc")],
        env=same_code(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline_s = time.monotonic() + 30
    while not os.listdir(photos):
        assert tested.poll() is None and time.monotonic() < deadline_s, "it never wrote"
    tested.send_signal(number)
    assert tested.wait(30) == STOPPED
    assert os.listdir(photos) == []


@pytest.mark.parametrize("stick", [False, True])
def test_the_network_is_timed_on_the_processor_and_a_stick_that_cannot_answer_is_a_problem(bench, tmp_path, stick):
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT: pip install 'nightjar[portrait]'")
    shelf = make_shelf()
    shelf.fill(tmp_path / "models")
    if stick:
        port = tmp_path / "sys/bus/usb/devices/2-1"
        port.mkdir(parents=True)
        for name, text in (("idVendor", "18d1"), ("idProduct", "9302"), ("speed", "480")):
            (port / name).write_text(text + "\n")
    with_model = changed(bench, accelerator=AcceleratorSettings(models_folder="/models", model="fast"))
    processor, edge_tpu = check_networks(with_model, shelf.write_catalogue(tmp_path))
    assert (processor.verdict, value(processor, "model")) == (OK, "small")
    assert value(processor, "first answer") > 0
    assert edge_tpu.verdict == (PROBLEM if stick else SKIPPED)
    if stick:
        assert "libedgetpu.so.1 is not installed" in edge_tpu.why
        assert "libedgetpu1-std" in edge_tpu.mend or "USB 3" in edge_tpu.mend


@pytest.mark.slow
def test_the_whole_test_runs_on_the_simulated_camera_and_mock_pins(ask, tmp_path):
    (tmp_path / "photos").mkdir()
    chosen = {
        "camera.backend": "simulated",
        "camera.width_px": 640,
        "camera.height_px": 480,
        "camera.frames_per_second": 30,
        "simulated.sensor": "imx219",
        "buttons.pin_factory": "mock",
        "storage.folder": tmp_path / "photos",
        "storage.state_folder": tmp_path / "state",
        "storage.free_space_floor_mb": 0,
        "control.socket": tmp_path / "control.sock",
    }
    words = [word for name, setting in chosen.items() for word in ("--set", f"{name}={setting}")]
    code, told, _ = ask("selftest", "--json", "--quick", *words)
    report = json.loads(told)
    assert code == 0, report
    assert {result["area"] for result in report["results"]} == set(AREAS) - {"buttons"}
    verdicts = {(result["area"], result["title"]): result["verdict"] for result in report["results"]}
    for check in (("start", "daemon"), ("press", "press to frame"), ("raw", "noise"), ("card", "writing")):
        assert verdicts[check] in (OK, WARNING), "a busy machine may be slow"
    assert os.listdir(tmp_path / "photos") == []
    assert not (tmp_path / "state").exists()


def test_a_camera_that_cannot_be_opened_is_told_once_and_the_rest_goes_on(bench):
    class Absent(SimulatedCamera):
        offered = ()

        def start(self):
            raise CameraError("No camera module number 0. Look at the cable.")

    results = list(run_selftest(dataclasses.replace(bench, opener=Absent), ["modes", "raw", "frames", "card"]))
    assert [result.verdict for result in results[:3]] == [PROBLEM, SKIPPED, SKIPPED]
    assert "the cable" in results[0].why and "modes" in results[1].why
    assert results[3].area == "card" and results[3].measured


def test_the_page_on_real_boards_names_every_check_and_draws_the_wiring_as_it_is(ask):
    page = (Path(__file__).resolve().parents[1] / "docs/on-a-pi.md").read_text()
    for area in AREAS:
        assert f"| `{area}` |" in page
    _, drawn, _ = ask("selftest", "--wiring")
    header = [line.split() for line in drawn.splitlines()[3:9]]
    drawn_there = [line.split() for line in page.splitlines()]
    assert all(line in drawn_there for line in header), "the part with the pins that are used"
