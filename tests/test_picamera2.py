"""The Raspberry Pi camera: what is asked of picamera2, what is refused, and that no buffer is ever lost.

`Device` stands for the Picamera2 object and writes down what happens to it. Where picamera2's source is installed
(pip install --no-deps picamera2==0.3.38 is enough), every call is checked against its signatures, and its own queue of
jobs runs in place of the recorder's.
"""

import __future__

import ast
import atexit
import gc
import importlib.util
import threading
import time
import weakref
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import firmware.cameras.picamera2 as product
from firmware.cameras.bounded import bounded
from firmware.cameras.picamera2 import Library, PiCamera, import_library
from firmware.doctor.examination import Machine
from firmware.errors import CameraError, CameraStalled, FrameTorn
from firmware.selftest.bench import Bench
from firmware.selftest.checks.frames import check_frames
from firmware.selftest.checks.modes import check_modes
from firmware.selftest.checks.raw import check_raw
from firmware.sensors import module_name
from firmware.settings import CameraSettings, ExposureSettings, Settings

SIZE = (640, 480)
STRIDE = 1312
METADATA = {
    "ExposureTime": 10_000,
    "AnalogueGain": 2.0,
    "SensorTimestamp": 1_000_000_000,
    "SensorBlackLevels": (4096, 4096, 4096, 4096),
    "FrameDuration": 33_333,
}


# Stands for libcamera.FrameMetadata.Status.Success.
SUCCESS = SimpleNamespace(name="Success")


class Request:
    """A completed request: counts who holds it."""

    def __init__(self, metadata=METADATA, stride=STRIDE, seed=0):
        self.held = 1
        self.metadata = metadata
        self.buffer = np.random.default_rng(seed).integers(0, 4, (SIZE[1], stride), dtype=np.uint8)
        self.configure_count = 1
        self.display = False
        self.config = {"display": None}
        self.stream_map = {"main": "stream 1", "raw": "stream 2"}
        whole = SimpleNamespace(metadata=SimpleNamespace(status=SUCCESS))
        self.request = SimpleNamespace(buffers={"stream 1": whole, "stream 2": whole})

    def get_metadata(self):
        return dict(self.metadata)

    def acquire(self):
        self.held += 1

    def release(self):
        self.held -= 1
        assert self.held >= 0


class MappedArray:
    def __init__(self, request, stream, write=True):
        assert (stream, write) == ("raw", False)
        self.array = request.buffer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.array = None


class Device:
    """A recording stand-in for Picamera2 with an imx219."""

    raw_format = "SBGGR10"
    model = "imx219"

    def __init__(self, number=0, tuning=None):
        self.calls = [("open", number, tuning)]
        self.frames = []
        self.camera_properties = {"Model": self.model, "PixelArraySize": (3280, 2464), "Rotation": 180}
        self.camera_controls = {
            "ExposureTime": (75, 11_766_829, 20_000),
            "AnalogueGain": (1.0, 10.66, 1.0),
            "FrameDurationLimits": (4843, 11_767_556, 33_333),
            "ExposureValue": (-8.0, 8.0, 0.0),
            "AeEnable": (False, True, True),
        }
        full = {"bit_depth": 10, "unpacked": "SRGGB10", "size": (3280, 2464), "fps": 21.19}
        self.sensor_modes = [
            full | {"crop_limits": (0, 0, 3280, 2464)},
            full | {"size": SIZE, "fps": 206.65, "crop_limits": (1000, 752, 1280, 960)},
        ]

    def create_still_configuration(self, **configuration):
        self.calls.append(("create_still_configuration", configuration))
        return configuration

    def configure(self, configuration):
        self.calls.append(("configure",))
        raw = configuration["raw"] | {"format": self.raw_format, "stride": STRIDE}
        self.configuration = configuration | {"raw": raw if self.raw_format else None}

    def camera_configuration(self):
        return self.configuration

    def start(self):
        self.calls.append(("start",))

    def stop(self):
        self.calls.append(("stop",))

    def close(self):
        self.calls.append(("close",))

    def set_controls(self, controls):
        self.calls.append(("set_controls", controls))

    def capture_request(self, wait=None, signal_function=None, flush=None):
        assert wait is False
        self.calls.append(("capture_request", flush))
        return "job"

    def wait(self, job, timeout=None):
        self.calls.append(("wait", timeout))
        outcome = self.frames.pop(0) if self.frames else TimeoutError()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def cancel_all_and_flush(self):
        self.calls.append(("cancel_all_and_flush",))

    def names(self):
        return [call[0] for call in self.calls]


def camera_of(device_class=Device, exposure=None, **camera_settings):
    """A PiCamera, and the list of the devices it opens."""
    opened = []

    def open_device(number, tuning=None):
        opened.append(device_class(number, tuning))
        return opened[-1]

    chosen = CameraSettings(width_px=SIZE[0], height_px=SIZE[1], **camera_settings)
    settings = Settings(camera=chosen, exposure=exposure or ExposureSettings())
    return PiCamera(settings, lambda: Library(open_device, MappedArray, SimpleNamespace)), opened


@pytest.fixture
def started():
    camera, opened = camera_of()
    camera.start()
    return camera, opened[0]


def test_a_frame_is_the_callers_own_copy_with_its_facts(started):
    camera, device = started
    request = Request(seed=7)
    device.frames = [request]
    frame = camera.next_frame(2.5)
    np.testing.assert_array_equal(frame.pixels, request.buffer[:, : 2 * SIZE[0]].view("<u2"))
    assert not np.shares_memory(frame.pixels, request.buffer)
    assert request.held == 0
    assert (frame.shot.sensor, frame.shot.bayer, frame.shot.white_dn) == ("imx219", "BGGR", 1023)
    assert frame.shot.field_of_view == pytest.approx((1000 / 3280, 752 / 2464, 1280 / 3280, 960 / 2464))
    assert (frame.shot.hflip, frame.shot.vflip) == (True, True)
    assert camera.frame_shape == frame.pixels.shape == (480, 640)
    assert camera.frame_interval_s == pytest.approx(0.033333)
    assert ("wait", 2.5) in device.calls


def test_the_mode_that_was_granted_and_all_that_libcamera_lists_are_told(started):
    camera, _ = started
    granted = camera.granted
    assert (granted.width, granted.height, granted.bits, granted.raw_format) == (*SIZE, 10, "SBGGR10")
    assert 0 < granted.rows_take_s <= 1 / granted.frames_per_second
    assert [(mode.width, mode.raw_format, mode.frames_per_second) for mode in camera.offered] == [
        (3280, "SRGGB10", 21.19),
        (640, "SRGGB10", 206.65),
    ]


def test_the_press_time_reaches_picamera2_as_flush(started):
    camera, device = started
    device.frames = [Request()]
    camera.next_frame(1.0, not_before_ns=123_456_789)
    assert ("capture_request", 123_456_789) in device.calls


def test_raw_is_asked_for_unpacked_in_one_named_mode_with_the_limits_of_stills():
    camera, opened = camera_of(buffer_count=4, hflip=True, exposure=ExposureSettings(fixed_us=2_000_000))
    camera.start()
    _, configuration = opened[0].calls[1]
    assert configuration["raw"] == {"format": "SRGGB10", "size": SIZE}
    assert configuration["sensor"] == {"output_size": SIZE, "bit_depth": 10}
    assert configuration["buffer_count"] == 4
    assert configuration["queue"] is True
    assert configuration["main"]["size"][0] <= 640
    assert configuration["controls"]["ExposureTime"] == 2_000_000
    assert configuration["controls"]["FrameDurationLimits"][1] > 2_000_000
    assert (configuration["transform"].hflip, configuration["transform"].vflip) == (True, False)
    assert opened[0].names() == ["open", "create_still_configuration", "configure", "start"]


def test_a_tuning_file_named_in_the_settings_is_libcameras_too(tmp_path):
    camera, opened = camera_of(tuning=str(tmp_path / "own.json"))
    with pytest.raises(CameraError, match=r"own\.json"):
        camera.start()
    assert opened[0].calls[0] == ("open", 0, str(tmp_path / "own.json"))


@pytest.mark.parametrize(
    ("raw_format", "reason"),
    [
        ("BGGR_PISP_COMP1", "loss"),
        (None, "no raw frames"),
        ("R10", "mono"),
        ("SBGGR12", "10 bit; they contradict"),
    ],
)
def test_a_raw_stream_that_cannot_be_trusted_is_refused_and_the_camera_let_go(raw_format, reason):
    camera, opened = camera_of(type("Adjusted", (Device,), {"raw_format": raw_format}))
    with pytest.raises(CameraError, match=reason):
        camera.start()
    assert opened[0].names()[-3:] == ["cancel_all_and_flush", "stop", "close"]
    with pytest.raises(CameraError, match="closed"):
        camera.next_frame(1.0)


def test_a_module_without_infrared_filter_goes_by_that_name():
    camera, _ = camera_of(noir=True)
    camera.start()
    assert camera.sensor == "imx219_noir"
    assert module_name("imx708_wide_noir", True) == "imx708_wide_noir", "this one says so itself"


def test_an_unknown_module_lists_the_known_ones():
    camera, _ = camera_of(type("Other", (Device,), {"model": "imx519"}))
    with pytest.raises(CameraError, match=r"imx519.*imx219, imx477, imx708, imx708_wide, ov5647"):
        camera.start()
    assert [mode.width for mode in camera.offered] == [3280, 640], "what a report needs of it"


class Streaming(Device):
    """A module that delivers at its mode's pace, of a grey wall, with the exposure that it was told."""

    black_dn, grey_dn = 64, 300

    def create_still_configuration(self, **configuration):
        self.told = dict(configuration["controls"])
        self.fps = next(mode["fps"] for mode in self.sensor_modes if mode["size"] == configuration["raw"]["size"])
        self.size = configuration["raw"]["size"]
        self.end_ns = time.monotonic_ns()
        return super().create_still_configuration(**configuration)

    def set_controls(self, controls):
        super().set_controls(controls)
        self.told |= controls

    def configure(self, configuration):
        super().configure(configuration)
        self.configuration["raw"]["stride"] = 2 * self.size[0]

    def wait(self, job, timeout=None):
        self.end_ns += round(1e9 / self.fps)
        if self.end_ns > time.monotonic_ns():
            time.sleep((self.end_ns - time.monotonic_ns()) / 1e9)
        exposure_us, gain = self.told["ExposureTime"] or 4000, self.told["AnalogueGain"] or 2.0
        lit = min(self.black_dn + self.grey_dn * exposure_us * gain / 8000, 1023)
        counts = np.full((self.size[1], self.size[0]), lit, np.uint16)
        counts[:, ::50] = self.black_dn
        request = Request(
            METADATA | {"ExposureTime": exposure_us, "AnalogueGain": gain, "SensorTimestamp": self.end_ns}
        )
        request.buffer = counts.view(np.uint8)
        self.requests = [*getattr(self, "requests", [])[-50:], request]
        return request


@pytest.mark.slow
def test_the_selftest_asks_the_adapter_only_for_what_a_module_can_do():
    """No verdict on a board: that modes, levels and clock are asked for in order, and every buffer goes back."""
    opened = []

    def open_device(number, tuning=None):
        opened.append(Streaming(number, tuning))
        return opened[-1]

    settings = Settings(camera=CameraSettings(width_px=SIZE[0], height_px=SIZE[1]))
    library = Library(open_device, MappedArray, SimpleNamespace)
    bench = Bench(settings, Machine(settings), True, lambda given: PiCamera(given, lambda: library))
    listed, full, binned, small = check_modes(bench)
    assert (listed.verdict, full.verdict, small.verdict) == ("ok", "ok", "ok"), (listed, full, small)
    assert "this module has 3280 x 2464, 640 x 480" in binned.why, "the sensor's third mode is not in this list"
    raw = {result.title: result.verdict for result in check_raw(bench)}
    assert raw["format"] == raw["black level"] == raw["white level"] == "ok"
    _, clock = check_frames(bench)
    assert clock.measured[0].holds, clock
    assert all(request.held == 0 for device in opened for request in getattr(device, "requests", []))
    assert all(device.names()[-1] == "close" for device in opened)


@pytest.mark.parametrize("fact", ["ExposureTime", "SensorTimestamp", "SensorBlackLevels"])
def test_the_buffer_goes_back_when_a_fact_is_missing(started, fact):
    camera, device = started
    request = Request({name: value for name, value in METADATA.items() if name != fact})
    device.frames = [request]
    with pytest.raises(CameraError, match=fact):
        camera.next_frame(1.0)
    assert request.held == 0


def test_the_buffer_goes_back_when_its_size_is_wrong(started):
    camera, device = started
    request = Request(stride=1000)
    device.frames = [request]
    with pytest.raises(CameraError, match="1000 bytes"):
        camera.next_frame(1.0)
    assert request.held == 0


def test_a_raw_picture_that_libcamera_calls_damaged_is_refused_though_picamera2_passed_it_on(started):
    camera, device = started
    damaged = Request()
    error = SimpleNamespace(metadata=SimpleNamespace(status=SimpleNamespace(name="Error")))
    damaged.request.buffers["stream 2"] = error
    device.frames = [damaged, Request()]
    with pytest.raises(FrameTorn, match=r"Error.*ribbon cable"):
        camera.next_frame(1.0)
    assert damaged.held == 0
    assert camera.next_frame(1.0).shot.sensor == "imx219"


def test_silence_is_a_stall_and_takes_the_waiting_job_back(started):
    camera, device = started
    device.frames = [TimeoutError(), CancelledError()]
    with pytest.raises(CameraStalled, match=r"0\.5 s"):
        camera.next_frame(0.5)
    assert device.names()[-3:] == ["wait", "cancel_all_and_flush", "wait"]


def test_a_frame_that_comes_just_after_the_wait_is_not_lost(started):
    camera, device = started
    late = Request()
    device.frames = [TimeoutError(), late]
    with pytest.raises(CameraStalled):
        camera.next_frame(0.5)
    assert late.held == 0


def test_a_late_frame_that_cannot_go_back_is_an_error_of_the_camera(started):
    camera, device = started
    late = Request()
    late.release = partial(raise_, RuntimeError("queueing failed"))
    device.frames = [TimeoutError(), late]
    with pytest.raises(CameraError, match="queueing failed"):
        camera.next_frame(0.5)


def test_nothing_of_picamera2_is_left_to_hang_when_python_ends():
    class Registering(Device):
        def __init__(self, number=0, tuning=None):
            super().__init__(number, tuning)
            atexit.register(self.close)

    camera, opened = camera_of(Registering)
    camera.start()
    device = weakref.ref(opened.pop())
    camera.close()
    gc.collect()
    assert device() is None  # what is registered to be called would still be held


def test_recovery_cancels_stops_closes_and_opens_anew():
    camera, opened = camera_of()
    camera.start()
    camera.recover()
    assert opened[0].names()[-3:] == ["cancel_all_and_flush", "stop", "close"]
    assert opened[1].names() == ["open", "create_still_configuration", "configure", "start"]
    opened[1].frames = [Request()]
    assert camera.next_frame(1.0).shot.sensor == "imx219"


def test_recovery_goes_on_when_stopping_fails():
    class Broken(Device):
        def stop(self):
            super().stop()
            raise RuntimeError("Failed to stop camera")

    camera, opened = camera_of(Broken)
    camera.start()
    camera.recover()
    assert opened[0].names()[-1] == "close"
    assert len(opened) == 2


def test_recovery_without_the_module_says_so_and_can_be_tried_again():
    class Unplugged(Device):
        gone = False

        def __init__(self, number=0, tuning=None):
            if Unplugged.gone:
                raise RuntimeError(f"No camera number {number} found")
            super().__init__(number, tuning)

    camera, opened = camera_of(Unplugged)
    camera.start()
    Unplugged.gone = True
    with pytest.raises(CameraError, match="ribbon cable"):
        camera.recover()
    Unplugged.gone = False
    camera.recover()
    assert len(opened) == 2


def test_a_call_that_hangs_is_an_error_in_bounded_time():
    release = threading.Event()
    with pytest.raises(CameraError, match=r"Stopping the camera takes longer than 0\.05 s"):
        bounded(0.05, "Stopping the camera", lambda: release.wait(20))
    release.set()
    assert bounded(5, "Nothing", lambda: 7) == 7
    with pytest.raises(OSError, match="gone"):
        bounded(5, "Opening", partial(raise_, OSError("gone")))


def raise_(error):
    raise error


def test_closing_twice_is_safe_and_a_closed_camera_says_so(started):
    camera, device = started
    camera.close()
    camera.close()
    assert device.names().count("close") == 1
    for use in (lambda: camera.next_frame(1), lambda: camera.set_exposure(0, 0), lambda: camera.frame_shape):
        with pytest.raises(CameraError, match="closed"):
            use()


def test_exposure_is_set_with_room_for_it_and_handed_back_with_zero(started):
    camera, device = started
    camera.set_exposure(4_000_000, 2.0)
    name, controls = device.calls[-1]
    assert (name, controls["ExposureTime"], controls["AnalogueGain"]) == ("set_controls", 4_000_000, 2.0)
    assert controls["FrameDurationLimits"][1] > 4_000_000
    camera.set_exposure(0, 0)
    assert (device.calls[-1][1]["ExposureTime"], device.calls[-1][1]["AnalogueGain"]) == (0, 0.0)
    with pytest.raises(CameraError, match="AnalogueGain 40"):
        camera.set_exposure(0, 40)


def test_a_second_of_exposure_for_a_burst_may_be_asked_for_and_gets_room(started):
    camera, device = started
    limits = camera.exposure_limits
    assert limits.exposure_us == (75, 11_760_000)
    assert limits.analogue_gain == (1.0, 10.66)
    assert limits.shortest_frame_s < 0.05
    camera.set_exposure(1_000_000, limits.analogue_gain[1])
    shortest_us, longest_us = device.calls[-1][1]["FrameDurationLimits"]
    assert shortest_us <= 1_000_000 < longest_us


def test_without_libcamera_the_message_says_what_to_install():
    if importlib.util.find_spec("libcamera"):
        pytest.skip("libcamera is installed here")
    with pytest.raises(CameraError, match=r"apt install python3-picamera2.*--system-site-packages.*simulated"):
        PiCamera(Settings()).start()
    with pytest.raises(CameraError):
        import_library()


# From here on: against picamera2's own source.


@pytest.fixture(scope="module")
def source():
    """The folder of picamera2's Python files."""
    spec = importlib.util.find_spec("picamera2")
    if spec is None:
        pytest.skip("picamera2 is not installed; pip install --no-deps picamera2==0.3.38 brings its source")
    return Path(spec.submodule_search_locations[0])


def class_in(path, name):
    tree = ast.parse(path.read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def signatures(class_node):
    """Method name -> names of its parameters; overloads left out."""
    methods = [node for node in class_node.body if isinstance(node, ast.FunctionDef)]
    plain = [node for node in methods if not any("overload" in ast.dump(mark) for mark in node.decorator_list)]
    return {node.name: [argument.arg for argument in node.args.args][1:] for node in plain}


def attributes(class_node):
    """What a class's methods put into `self`, as if each were a method without parameters."""
    stored = [node for node in ast.walk(class_node) if isinstance(node, ast.Attribute)]
    return {node.attr: [] for node in stored if isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"}


def uses_of(*owners):
    """(name, number of positional arguments, keywords) of all that our file takes from these objects."""
    tree = ast.parse(Path(product.__file__).read_text())
    calls = {node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in owners:
            call = calls.get(node)
            yield node.attr, len(call.args) if call else 0, [word.arg for word in call.keywords] if call else []


def test_every_call_exists_in_picamera2_with_these_arguments(source):
    picamera2 = signatures(class_in(source / "picamera2.py", "Picamera2"))
    completed = class_in(source / "request.py", "CompletedRequest")
    request = attributes(completed) | signatures(completed)
    mapped = signatures(class_in(source / "request.py", "MappedArray"))
    library = {"Picamera2": picamera2["__init__"], "MappedArray": mapped["__init__"]}
    checked = [(picamera2, use) for use in uses_of("device", "self._device")]
    checked += [(request, use) for use in uses_of("request")]
    checked += [(library, use) for use in uses_of("self._library") if use[0] != "Transform"]
    assert len(checked) > 20
    for known, (name, positional, keywords) in checked:
        assert name in known, name
        assert positional <= len(known[name]), name
        assert set(keywords) <= set(known[name]), name


def test_the_raw_formats_we_read_are_formats_picamera2_knows(source):
    known = (source / "formats.py").read_text()
    for name in ("SRGGB10", "SBGGR12", "SGRBG16", "SGBRG10_CSI2P", "SRGGB12_CSI2P", "RGGB_PISP_COMP1", "R10"):
        assert f'"{name}"' in known


QUEUE_METHODS = (
    "capture_request",
    "capture_request_",
    "wait_for_timestamp_",
    "dispatch_functions",
    "wait",
    "cancel_all_and_flush",
    "process_requests",
)


def genuine_queue(source):
    """A Device whose capture, wait, cancel and frame hand-over are picamera2's own methods."""
    spec = importlib.util.spec_from_file_location("picamera2_job", source / "job.py")
    job = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(job)
    body = [node for node in class_in(source / "picamera2.py", "Picamera2").body if hasattr(node, "name")]
    methods = [node for node in body if node.name in QUEUE_METHODS and not node.decorator_list]
    assert {node.name for node in methods} == set(QUEUE_METHODS)
    code = compile(
        ast.Module(body=methods, type_ignores=[]), "picamera2.py", "exec", flags=__future__.annotations.compiler_flag
    )
    success = SimpleNamespace(FrameMetadata=SimpleNamespace(Status=SimpleNamespace(Success=SUCCESS)))
    silent = SimpleNamespace(debug=lambda *_: None)
    namespace = {"Job": job.Job, "T": job.T, "partial": partial, "libcamera": success, "_log": silent}
    exec(code, namespace)

    class Genuine(Device):
        """Frames come through `deliver`, as from libcamera's event loop."""

        def __init__(self, number=0, tuning=None):
            super().__init__(number, tuning)
            self.lock, self._requestslock = threading.Lock(), threading.Lock()
            self._requests, self.completed_requests, self._job_list, self._encoders = [], [], [], set()
            self.frames, self.configure_count, self._max_queue_len = 0, 1, 1
            self.pre_callback = self.post_callback = None
            self.waiting = threading.Event()

        def deliver(self, *requests):
            self._requests += requests
            self.process_requests(None)

        def _run_process_requests(self):
            threading.Thread(target=self.process_requests, args=(None,)).start()

    for name in QUEUE_METHODS:
        setattr(Genuine, name, namespace[name])
    return Genuine


def test_picamera2s_own_queue_skips_frames_exposed_before_the_press(source):
    camera, opened = camera_of(genuine_queue(source))
    camera.start()
    early = Request(METADATA | {"SensorTimestamp": 1_000_000_000})
    after = Request(METADATA | {"SensorTimestamp": 1_100_000_000})
    threading.Timer(0.05, opened[0].deliver, [early, after]).start()
    frame = camera.next_frame(5, not_before_ns=995_000_000)
    assert frame.shot.timestamp_ns == 1_100_000_000 - 10_000_000
    assert (early.held, after.held) == (0, 0)


def test_picamera2s_own_queue_is_empty_after_a_stall_and_works_again(source):
    camera, opened = camera_of(genuine_queue(source))
    camera.start()
    device = opened[0]
    with pytest.raises(CameraStalled):
        camera.next_frame(0.05)
    assert device._job_list == []
    first, second = Request(seed=1), Request(seed=2)
    device.deliver(first)
    np.testing.assert_array_equal(camera.next_frame(5).pixels, first.buffer[:, : 2 * SIZE[0]].view("<u2"))
    device.deliver(second)
    camera.next_frame(5)
    assert (first.held, second.held) == (0, 0)


def test_picamera2s_own_queue_gives_a_frame_of_the_last_moment_back(source):
    class Slow(genuine_queue(source)):
        """The frame is handed over after the wait ended and before the job is taken back."""

        def cancel_all_and_flush(self):
            self.last = Request()
            self.deliver(self.last)
            super().cancel_all_and_flush()

    camera, opened = camera_of(Slow)
    camera.start()
    with pytest.raises(CameraStalled):
        camera.next_frame(0.05)
    assert opened[0].last.held == 0
