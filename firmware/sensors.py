"""The measured facts of each sensor: `configs/sensors/NAME.toml`, or an installed libcamera tuning file."""

from __future__ import annotations

import dataclasses
import functools
import re
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import SettingsError
from firmware.paths import SENSORS
from isp.errors import TuningError
from isp.frames import BAYER_ORDERS, LARGEST_FACT, Noise
from isp.grey_curve import WITHOUT_FILTER
from isp.plain_values import read_json, read_toml
from isp.tuning import Tuning

LIBCAMERA_FOLDERS = (Path("/usr/local/share/libcamera/ipa/rpi"), Path("/usr/share/libcamera/ipa/rpi"))

LONGEST_SIDE_PX, MOST_FRAMES_PER_SECOND, BINNINGS = 100_000, 1000, (1, 2, 4)
RESTORE = "Put the packaged file back: install Nightjar again."


@dataclass(frozen=True)
class SensorMode:
    """One way of reading the sensor out. `binning` 2 averages 2 x 2 pixels of one colour.

    crop_px  (left, top, width, height) of what it reads, in pixels of the whole array
    """

    width: int
    height: int
    crop_px: tuple[int, int, int, int]
    bits: int
    frames_per_second: float
    binning: int


@dataclass(frozen=True)
class Sensor:
    """What the data sheet and the tuning say of one sensor."""

    name: str
    title: str
    width: int
    height: int
    bits: int
    bayer: str
    pixel_um: float
    read_noise_dn: float
    exposure_us: tuple[int, int]
    analogue_gain: tuple[float, float]
    modes: tuple[SensorMode, ...]
    tuning: Tuning
    lux_reference: dict[str, float]

    def noise_at(self, analogue_gain: float, mode: SensorMode) -> Noise:
        """Noise of linear pixels in this mode at this gain."""
        return self.tuning.noise_at(analogue_gain, mode.binning, self.read_noise_dn, mode.bits)

    def field_of_view(self, mode: SensorMode) -> tuple[float, float, float, float]:
        """(left, top, width, height) of what this mode reads, as fractions of the whole array."""
        left, top, width, height = mode.crop_px
        return left / self.width, top / self.height, width / self.width, height / self.height

    def nearest_mode(self, width: int, height: int) -> SensorMode:
        """The mode of this size; 0 x 0 is the largest. Raises SettingsError listing the modes."""
        if width == 0 and height == 0:
            return self.modes[0]
        for mode in self.modes:
            if (mode.width, mode.height) == (width, height):
                return mode
        sizes = ", ".join(f"{mode.width} x {mode.height}" for mode in self.modes)
        raise SettingsError(
            f"[camera] asks for {width} x {height}; {self.name} has {sizes}. Set width_px and height_px."
        )


def module_name(sensor: str, has_no_filter: bool) -> str:
    """The name by which a module goes: of most sensors libcamera cannot tell whether the infrared filter is there."""
    return sensor + WITHOUT_FILTER if has_no_filter and not sensor.endswith(WITHOUT_FILTER) else sensor


def known_sensors() -> list[str]:
    """Names that `load_sensor` takes; each with "_noir" behind it too."""
    return sorted(path.stem for path in SENSORS.glob("*.toml"))


def load_sensor(name: str, tuning: str = "packaged", folder: Path = SENSORS) -> Sensor:
    """Read a sensor's facts. Raises SettingsError when there are none, TuningError when they are malformed.

    name    as libcamera says it; a NoIR module's own colours are only in an installed libcamera file
    tuning  "packaged" (our copy), "auto" (an installed libcamera file if there is one), or a path to a .json file
    """
    # A NoIR module is the same sensor without the infrared filter.
    path = folder / f"{name.removesuffix(WITHOUT_FILTER)}.toml"
    if not re.fullmatch(r"[a-z0-9_]{1,64}", name) or not path.is_file():
        raise SettingsError(f"No sensor file {path}. Known sensors: {', '.join(known_sensors())}.")
    try:
        packaged = _sensor_from(name, path.read_text(encoding="utf-8"))
    except KeyError as error:
        raise TuningError(f"{path} lacks {error}. {RESTORE}") from None
    except (TypeError, ValueError, AttributeError) as error:  # TOML's and Unicode's errors are ValueErrors
        raise TuningError(f"{path} is damaged: {error}. {RESTORE}") from None
    return dataclasses.replace(packaged, name=name, tuning=_choose(name, tuning, packaged.tuning))


# Of a folder of photos each one asks, and parsing takes 4 ms of a desktop's core.
@functools.lru_cache(maxsize=8)
def _sensor_from(name: str, text: str) -> Sensor:
    facts = read_toml(text)
    tables = facts.pop("tuning")
    facts["modes"] = tuple(SensorMode(**mode | {"crop_px": tuple(mode["crop_px"])}) for mode in facts["modes"])
    for pair in ("exposure_us", "analogue_gain"):
        facts[pair] = tuple(facts[pair])
    sensor = Sensor(
        name=facts.pop("sensor"),
        tuning=Tuning.from_algorithms(name, f"configs/sensors/{name}.toml", tables),
        lux_reference=tables["rpi.lux"],
        **facts,
    )
    _check(sensor)
    return sensor


def _check(sensor: Sensor) -> None:
    """Raises ValueError for facts that no sensor has, before a photo is planned with them."""
    if not sensor.modes:
        raise ValueError("it has no mode")
    for of in (sensor, *sensor.modes):
        for name in ("width", "height"):
            if type(getattr(of, name)) is not int or not 2 <= getattr(of, name) <= LONGEST_SIDE_PX:
                raise ValueError(f"{name} is {getattr(of, name)!r}; it must be 2 to {LONGEST_SIDE_PX} pixels")
        if type(of.bits) is not int or not 8 <= of.bits <= 16:
            raise ValueError(f"bits is {of.bits!r}; it must be 8 to 16")
    if sensor.bayer not in BAYER_ORDERS:
        raise ValueError(f"bayer is {sensor.bayer!r}; it must be one of {', '.join(BAYER_ORDERS)}")
    for low, high in (sensor.exposure_us, sensor.analogue_gain):
        if not 0 < low <= high <= LARGEST_FACT:
            raise ValueError(f"a range is {low!r} to {high!r}; it must be above 0 and rise")
    for mode in sensor.modes:
        if mode.binning not in BINNINGS or not 0 < mode.frames_per_second <= MOST_FRAMES_PER_SECOND:
            raise ValueError(f"a mode has binning {mode.binning!r} at {mode.frames_per_second!r} frames per second")
        left, top, width, height = mode.crop_px
        if not (0 <= left <= left + width <= sensor.width and 0 <= top <= top + height <= sensor.height):
            raise ValueError(
                f"a mode reads {mode.crop_px}, which is not in the sensor's {sensor.width} x {sensor.height}"
            )
        sensor.noise_at(sensor.analogue_gain[1], mode)


def read_libcamera_tuning(path: Path, sensor: str) -> Tuning:
    """Parse a libcamera tuning file. Two shipped ones are not strict JSON: they hold trailing commas."""
    try:
        text = path.read_text()
    except OSError as error:
        raise TuningError(f"{path}: {error.strerror}. Name an existing libcamera tuning file.") from None
    except UnicodeDecodeError as error:
        raise TuningError(f"{path} is not a libcamera tuning file: {error}.") from None
    without_trailing_commas = re.sub(r",(\s*[\]}])", r"\1", text)
    try:
        document = read_json(without_trailing_commas)
    except ValueError as error:  # a number of 5000 digits is a ValueError
        raise TuningError(f"{path} is not a libcamera tuning file: {error}.") from None
    if not isinstance(document, dict):
        raise TuningError(f"{path} is not a libcamera tuning file: it holds a {type(document).__name__}.")
    return Tuning.from_libcamera(sensor, str(path), document)


def _choose(name: str, tuning: str, packaged: Tuning) -> Tuning:
    if tuning == "packaged":
        return packaged
    if tuning != "auto":
        return read_libcamera_tuning(Path(tuning), name)
    installed = [folder / _platform() / f"{name}.json" for folder in LIBCAMERA_FOLDERS]
    found = [path for path in installed if path.is_file()]
    return read_libcamera_tuning(found[0], name) if found else packaged


def _platform() -> str:
    """The Pi 5's image processor is PiSP, older ones VC4; their tuning tables differ."""
    model = Path("/proc/device-tree/model")
    return "pisp" if model.is_file() and "Pi 5" in model.read_text(errors="replace") else "vc4"
