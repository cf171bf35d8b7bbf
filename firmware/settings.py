"""Every setting of the camera: default, range and meaning in one place. `configs/camera.toml` lists them all.

The picture's own knobs ([sharpen], [tone], ...) belong to the stages in `isp/`. This file imports no numpy.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from isp.knobs import Knobs, knob


@dataclass(frozen=True)
class CameraSettings(Knobs):
    """[camera]: which camera, and how it is read out."""

    backend: str = knob(
        "auto",
        choices=("auto", "picamera2", "simulated", "replay"),
        meaning="auto takes picamera2 when a camera module is present, else refuses and says so",
    )
    number: int = knob(0, 0, 3, "which camera module, as listed by rpicam-hello --list-cameras")
    width_px: int = knob(0, 0, 20000, "readout mode; 0 takes the sensor's largest")
    height_px: int = knob(0, 0, 20000, "readout mode; 0 takes the sensor's largest")
    frames_per_second: float = knob(0.0, 0.0, 120.0, "0 lets the exposure decide")
    buffer_count: int = knob(6, 3, 16, "camera buffers; fewer when the Pi 4 runs out of CMA memory")
    hflip: bool = knob(False, meaning="mirror left to right in the sensor")
    vflip: bool = knob(False, meaning="mirror top to bottom in the sensor; both together turn it by 180 degrees")
    noir: bool = knob(False, meaning="the module has no infrared filter (NoIR); not needed where it says so itself")
    frame_timeout_s: float = knob(
        5.0, 0.2, 1000.0, "silence beyond the exposure time after which the camera is reopened"
    )
    tuning: str = knob(
        "auto", meaning="auto (installed libcamera file, else ours), packaged, or a path to a .json file"
    )


@dataclass(frozen=True)
class SimulatedSettings(Knobs):
    """[simulated]: what the simulated camera looks at, and with which sensor."""

    sensor: str = knob("imx477", meaning="a file name in configs/sensors without .toml")
    scene: str = knob("chart", meaning="see `nightjar doctor` for the scenes at hand")
    illuminant_k: float = knob(5000.0, 2000.0, 10000.0, "colour temperature of the scene's light")
    lux: float = knob(800.0, 0.01, 200000.0, "light on the scene; decides exposure and noise")
    handshake_px: float = knob(0.0, 0.0, 100.0, "root mean square of the hand's path per second, in pixels")
    motion_px: float = knob(0.0, 0.0, 200.0, "how far a moving object in the scene travels per frame")
    bad_pixels: float = knob(0.0001, 0.0, 0.01, "share of hot and dead pixels")
    colour_fringes: float = knob(
        0.0,
        -0.005,
        0.005,
        "how much larger the lens draws red, and smaller blue; 0.0004 is 1 pixel in the corner of 12 MP",
    )
    noise: bool = knob(True, meaning="off gives the noise-free truth")
    bayer: str = knob("sensor", choices=("sensor", "RGGB", "BGGR", "GRBG", "GBRG"), meaning="the colour filter order")
    seed: int = knob(1, 0, 2**31 - 1, "same seed, same noise and same bad pixels")
    stall_after_frames: int = knob(
        0, 0, 10**9, "stop delivering after so many frames, to test recovery; 0 never stalls"
    )
    cable: str = knob(
        "",
        meaning="a file that stands for the ribbon cable, to test recovery: without it no module is found; it says "
        "fine, silent, torn or repeating; torn 3 is every third frame. Empty: the cable sits well",
    )


@dataclass(frozen=True)
class ReplaySettings(Knobs):
    """[replay]: recorded raw files in the place of a camera."""

    folder: str = knob("", meaning="folder of .dng, .raw + .toml or other raw files, played in order of name")
    frames_per_second: float = knob(5.0, 0.1, 120.0, "how fast they are played")


@dataclass(frozen=True)
class ExposureSettings(Knobs):
    """[exposure]: libcamera's own metering drives the real camera; these steer it."""

    compensation_ev: float = knob(0.0, -4.0, 4.0, "brighter (+) or darker (-) than metered")
    longest_us: int = knob(100000, 100, 600000000, "longest exposure metering may choose")
    largest_gain: float = knob(8.0, 1.0, 64.0, "largest analogue gain metering may choose")
    fixed_us: int = knob(0, 0, 600000000, "exposure by hand; 0 meters")
    fixed_gain: float = knob(0.0, 0.0, 64.0, "analogue gain by hand; 0 meters")


@dataclass(frozen=True)
class NightSettings(Knobs):
    """[night]: how a burst is planned, in the modes that take one, and when it ends early."""

    handheld_frames: int = knob(15, 1, 64, "at most so many frames with the camera in the hand")
    handheld_us: int = knob(333000, 100, 10000000, "and none longer than this")
    tripod_frames: int = knob(8, 1, 64, "at most so many frames on a tripod, where nothing but the scene moves")
    tripod_us: int = knob(1000000, 100, 60000000, "and none longer than this")
    total_s: float = knob(8.0, 0.1, 120.0, "all frames together take no longer")
    blur_px: float = knob(1.0, 0.1, 20.0, "how far the picture may move during one frame; exposure stays below it")
    subjects_weight: float = knob(
        0.5, 0.0, 1.0, "how much of that blur counts where only something in the picture moves; 0 lets it blur"
    )
    underexposure_ev: float = knob(
        2.0, 0.0, 4.0, "frames at most so much darker where lamps would be blown; developing gives back 2 stops at most"
    )
    largest_gain: float = knob(16.0, 1.0, 64.0, "analogue gain for what the exposure cannot collect")
    clean_shadow: float = knob(20.0, 1.0, 200.0, "signal over noise of a shadow at which no more frames are taken")
    before_press_s: float = knob(
        0.3, 0.0, 5.0, "frames of the planned exposure count that came so long before the press"
    )
    merge: str = knob(
        "fine",
        choices=("fine", "quick"),
        meaning="quick is for small processors such as a Zero 2 W's: less work a frame, less gained where things move",
    )
    hottest_c: float = knob(82.0, 40.0, 110.0, "the processor's temperature at which a burst ends with what it has")


@dataclass(frozen=True)
class ZoomSettings(Knobs):
    """[zoom]: how far, and from how many frames, in modes that zoom. What else a burst goes by stands in [night]."""

    factor: float = knob(2.0, 1.0, 3.0, "how far, until `nightjar zoom` or the zoom button says; that is then kept")
    frames: int = knob(8, 1, 15, "of a burst, where there is light enough")
    dim_frames: int = knob(15, 1, 15, "at most so many where shadows would not be clean with those")
    blur_px: float = knob(
        0.5, 0.1, 20.0, "how far the zoomed picture may move during one frame; more gain buys a shorter exposure"
    )
    learned: bool = knob(
        True, meaning="a network enlarges what frames did not measure, as on a tripod; off: a plain enlargement"
    )


@dataclass(frozen=True)
class AcceleratorSettings(Knobs):
    """[accelerator]: what runs the networks of portraits and of zoom."""

    device: str = knob(
        "auto", meaning="auto takes an Edge TPU where one answers, else the processor; or cpu, usb, usb:0, pci:0, :1"
    )
    library: str = knob("", meaning="path of libedgetpu.so.1; empty takes the installed one")
    models_folder: str = knob("/var/lib/nightjar/models", meaning="where `nightjar models fetch` puts them")
    model: str = knob(
        "fast",
        choices=("fast", "quality"),
        meaning="quality is right a little more often, and slower",
    )
    threads: int = knob(2, 1, 64, "of a network on the processor; the other cores keep frames coming")
    deadline_s: float = knob(10.0, 0.1, 120.0, "an Edge TPU that has not answered by then is started anew")


@dataclass(frozen=True)
class PortraitSettings(Knobs):
    """[portrait]: when a portrait is blurred, and what is kept of it."""

    least_confidence: float = knob(0.5, 0.0, 1.0, "below it the photo is left unblurred, and the sidecar says why")
    objects: bool = knob(
        True, meaning="things may be the subject, such as a cup on a table; else people and animals only"
    )
    without_model: str = knob(
        "guess",
        choices=("guess", "plain"),
        meaning="where no network answers: guess the subject by faces and contrast, or leave the photo unblurred",
    )
    keep_plain: bool = knob(True, meaning="keep the unblurred photo too, as IMG_0001-plain.JPG")
    keep_mask: bool = knob(True, meaning="keep IMG_0001-mask.PNG: with it the same portrait can be made again")


@dataclass(frozen=True)
class ButtonSettings(Knobs):
    """[buttons]: BCM pin numbers; each button joins its pin to ground."""

    pin_factory: str = knob(
        "lgpio", choices=("lgpio", "mock", "none"), meaning="mock is the bench, none runs without pins"
    )
    shutter_pin: int = knob(17, 0, 27, "takes the photo")
    mode_pin: int = knob(27, 0, 27, "short press: next mode; long press: power off, where allowed")
    zoom_pin: int = knob(
        -1, -1, 27, "press: zoom in, by 1, 1.5, 2 and 3 in turn; long press: back to 1. -1: there is no such button"
    )
    led_pin: int = knob(22, 0, 27, "status light, through a resistor to ground")
    debounce_ms: float = knob(15.0, 0.0, 200.0, "a level must last this long to count")
    long_press_s: float = knob(3.0, 0.5, 20.0, "how long is long")
    power_off: bool = knob(False, meaning="a long press on the mode button shuts the board down through logind")


@dataclass(frozen=True)
class RingSettings(Knobs):
    """[ring]: raw frames kept in memory, so that the photo is the frame nearest the press."""

    memory_mb: int = knob(200, 16, 16000, "memory for raw frames; the number of frames is computed from it at start")


@dataclass(frozen=True)
class StorageSettings(Knobs):
    """[storage]: where photos go."""

    folder: str = knob("/var/lib/nightjar/photos", meaning="DCIM/ is made inside it")
    state_folder: str = knob(
        "/var/lib/nightjar",
        meaning="keeps the counter of photo numbers, and the white balance and the zoom that were chosen",
    )
    free_space_floor_mb: int = knob(200, 0, 10**6, "below this much free space a press is refused, loudly")
    dng: bool = knob(True, meaning="keep the raw measurement beside the JPEG")
    jpeg_quality: int = knob(93, 1, 100, "libjpeg's scale")


@dataclass(frozen=True)
class ControlSettings(Knobs):
    """[control]: the Unix socket that the command line talks to."""

    socket: str = knob("/run/nightjar/control.sock", meaning="path of the socket; its mode is 0660")
    group: str = knob("nightjar", meaning="members of this group, root and the daemon's own user may connect")


@dataclass(frozen=True)
class DarkroomSettings(Knobs):
    """[darkroom]: developing, away from the camera."""

    threads: int = knob(0, 0, 64, "0 takes all processors; the picture is the same for any number")
    queue: int = knob(4, 1, 100, "photos waiting; further presses are refused, loudly, until one is done")
    mode: str = knob("photo", meaning="mode at start; a table in configs/modes.toml")


@dataclass(frozen=True)
class PreviewSettings(Knobs):
    """[preview]: the live picture of `nightjar view`."""

    # There is no screen: on a Zero 2 W it would warm a whole core for a picture that nobody may look at.
    frames_per_second: int = knob(0, 0, 60, "developed all the time, such as 15 or 30; 0 only when somebody asks")


@dataclass(frozen=True)
class BoardSettings(Knobs):
    """[board]: the computer behind the camera."""

    sysfs: str = knob("/sys", meaning="where the kernel tells of heat and low voltage; another folder for tests")


@dataclass(frozen=True)
class LogSettings(Knobs):
    """[log]"""

    level: str = knob("info", choices=("debug", "info", "warning", "error"), meaning="what reaches the journal")


@dataclass(frozen=True)
class Settings:
    """All tables; `pictures` holds the stage tables, checked where the stages are known."""

    camera: CameraSettings = field(default_factory=CameraSettings)
    simulated: SimulatedSettings = field(default_factory=SimulatedSettings)
    replay: ReplaySettings = field(default_factory=ReplaySettings)
    exposure: ExposureSettings = field(default_factory=ExposureSettings)
    night: NightSettings = field(default_factory=NightSettings)
    zoom: ZoomSettings = field(default_factory=ZoomSettings)
    accelerator: AcceleratorSettings = field(default_factory=AcceleratorSettings)
    portrait: PortraitSettings = field(default_factory=PortraitSettings)
    buttons: ButtonSettings = field(default_factory=ButtonSettings)
    ring: RingSettings = field(default_factory=RingSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    control: ControlSettings = field(default_factory=ControlSettings)
    darkroom: DarkroomSettings = field(default_factory=DarkroomSettings)
    preview: PreviewSettings = field(default_factory=PreviewSettings)
    board: BoardSettings = field(default_factory=BoardSettings)
    log: LogSettings = field(default_factory=LogSettings)
    pictures: dict[str, dict] = field(default_factory=dict)


TABLES: dict[str, type[Knobs]] = {
    item.name: item.default_factory for item in dataclasses.fields(Settings) if item.name != "pictures"
}
