"""What flows through the camera. Each picture carries its Shot: the facts of how it was taken.

A fact that is missing is refused here, at the door. A fact that is *known to be unknown* (a foreign raw file without
exposure data) is an explicit None, allowed only while the sensor itself is "unknown".
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from isp.burst.places import places_of
from isp.errors import FrameError

if TYPE_CHECKING:
    from isp.pipeline import Pipeline

BAYER_ORDERS = ("RGGB", "BGGR", "GRBG", "GBRG")
UNKNOWN_SENSOR = "unknown"
# Eleven days of exposure; what claims more is damage, and sums with it mean nothing.
LARGEST_FACT = 1e12
# Cameras choose 0.3 to 4. Beyond this no recipe has gains: red and blue together span the 10 000 of WhiteBalance.
COLOUR_GAINS = (0.01, 100.0)
TEMPERATURES_K = (1.0, 1e6)
# More gain nothing that anybody sees: a burst of 64 has an eighth of one frame's noise.
MOST_FRAMES = 64


@dataclass(frozen=True)
class Noise:
    """Noise of one raw pixel: variance = shot * x + read, for linear x with 0 = black and 1 = saturation."""

    shot: float
    read: float

    def __post_init__(self) -> None:
        for name in ("shot", "read"):
            value = getattr(self, name)
            if not (isinstance(value, float | int) and 0 <= value <= 1):
                raise FrameError(f"Noise {name} is {value!r}; it must be 0 to 1, which is as large as saturation.")


@dataclass(frozen=True)
class Shot:
    """The facts of one exposure. There are no defaults for facts: whoever makes a frame must know them.

    black_dn       four levels, one for each position of the top-left 2x2, row by row
    white_dn       the count at which a pixel saturates
    timestamp_ns   the sensor's clock (CLOCK_BOOTTIME on a Pi), for ordering; never the wall clock
    wall_time_ns   nanoseconds since 1970 UTC, for labels only
    field_of_view  (left, top, width, height) of the frame as fractions of the whole pixel array
    colour_gains   (red, blue) that the camera's own white balance chose; None where it chose none
    frames         how many exposures were merged into this one; `noise` is then what is left of theirs
    """

    sensor: str
    bayer: str
    black_dn: tuple[float, float, float, float]
    white_dn: float
    timestamp_ns: int
    wall_time_ns: int
    exposure_us: float | None
    analogue_gain: float | None
    noise: Noise | None
    field_of_view: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    hflip: bool = False
    vflip: bool = False
    colour_gains: tuple[float, float] | None = None
    temperature_k: float | None = None
    lens_position: float | None = None
    lux: float | None = None
    frames: int = 1

    def __post_init__(self) -> None:
        if not self.sensor:
            raise FrameError('The sensor has no name. Name it, or say sensor = "unknown".')
        if self.bayer not in BAYER_ORDERS:
            raise FrameError(f"Bayer order {self.bayer!r} is not one of {', '.join(BAYER_ORDERS)}.")
        if len(self.black_dn) != 4 or not all(math.isfinite(level) and level >= 0 for level in self.black_dn):
            raise FrameError(f"Black levels {self.black_dn!r} must be four finite counts, 0 or more.")
        # Nearer than one count, black and white are the same number in single precision.
        if not max(self.black_dn) + 1 <= self.white_dn <= 65535:
            raise FrameError(
                f"White level {self.white_dn!r} must lie one count or more above black {max(self.black_dn):g} and not "
                "above 65535."
            )
        self._require_known("exposure_us", "analogue_gain", "noise")
        for name in ("exposure_us", "analogue_gain"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= LARGEST_FACT:
                raise FrameError(f"{name} = {value!r} must be a finite number above 0, {LARGEST_FACT:g} at most.")
        low, high = COLOUR_GAINS
        if self.colour_gains is not None and not all(low <= gain <= high for gain in self.colour_gains):
            raise FrameError(f"Colour gains {self.colour_gains!r} must be {low:g} to {high:g}, or None for none.")
        low, high = TEMPERATURES_K
        if self.temperature_k and not low <= self.temperature_k <= high:
            raise FrameError(
                f"temperature_k = {self.temperature_k!r} must be {low:g} to {high:g}, or 0 or None for not known."
            )
        for name in ("timestamp_ns", "wall_time_ns"):
            if not isinstance(getattr(self, name), int | np.integer):
                raise FrameError(f"{name} = {getattr(self, name)!r} must be a whole number of nanoseconds.")
        if not (isinstance(self.frames, int) and 1 <= self.frames <= MOST_FRAMES):
            raise FrameError(f"frames = {self.frames!r} must be a whole number, 1 to {MOST_FRAMES}.")
        left, top, width, height = self.field_of_view
        if not (
            0 <= left and 0 <= top and width > 0 and height > 0 and left + width <= 1.001 and top + height <= 1.001
        ):
            raise FrameError(f"Field of view {self.field_of_view!r} must lie inside 0..1 of the pixel array.")

    def _require_known(self, *names: str) -> None:
        missing = [name for name in names if getattr(self, name) is None]
        if missing and self.sensor != UNKNOWN_SENSOR:
            raise FrameError(
                f'Sensor {self.sensor} came without {", ".join(missing)}. Give them, or say sensor = "unknown".'
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` gives the same Shot back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Shot:
        """The Shot that `to_dict` described. Raises FrameError if a fact is missing or unknown."""
        names = {item.name for item in dataclasses.fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise FrameError(f"Unknown facts of a shot: {', '.join(unknown)}.")
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        if plain.get("noise") is not None:
            plain["noise"] = Noise(**plain["noise"])
        try:
            return cls(**plain)
        except TypeError as error:
            raise FrameError(f"A shot lacks facts: {error}.") from None


# What a plain array is taken for where nobody says more: counts that use all 16 bits, and nothing known of the noise.
NEUTRAL_SHOT = Shot(
    sensor=UNKNOWN_SENSOR,
    bayer="RGGB",
    black_dn=(0.0, 0.0, 0.0, 0.0),
    white_dn=65535.0,
    timestamp_ns=0,
    wall_time_ns=0,
    exposure_us=None,
    analogue_gain=None,
    noise=None,
)


def _check_pixels(pixels: np.ndarray, dtypes: tuple[type, ...], dimensions: int, what: str) -> None:
    allowed = " or ".join(np.dtype(dtype).name for dtype in dtypes)
    if not isinstance(pixels, np.ndarray) or pixels.dtype not in [np.dtype(dtype) for dtype in dtypes]:
        raise FrameError(f"{what} pixels are {getattr(pixels, 'dtype', type(pixels))}; they must be {allowed}.")
    if pixels.ndim != dimensions or (dimensions == 3 and pixels.shape[2] != 3):
        shape = "(height, width)" if dimensions == 2 else "(height, width, 3)"
        raise FrameError(f"{what} has shape {pixels.shape}; it must be {shape}.")
    if min(pixels.shape[:2]) < 2:
        raise FrameError(f"{what} is {pixels.shape[1]} x {pixels.shape[0]} pixels; the smallest is 2 x 2.")


def _check_finite(pixels: np.ndarray, what: str) -> None:
    """Least and greatest are enough, because both are NaN where one pixel is; no second picture is made of it."""
    if math.isfinite(pixels.min()) and math.isfinite(pixels.max()):
        return
    y, x = np.argwhere(~np.isfinite(pixels))[0][:2]
    raise FrameError(f"{what} holds {pixels[y, x]} at (y, x) = ({y}, {x}); pixels must be finite. Mend or mask them.")


def _check_frames_behind(picture: RawFrame | Mosaic | LinearImage | LinearFrame | Photo) -> None:
    behind, merged = picture.frames_behind, picture.shot.frames
    if behind is None:
        return
    expected = places_of(picture.pixels.shape[:2])
    if not isinstance(behind, np.ndarray) or behind.dtype != np.float32 or behind.shape != expected:
        raise FrameError(f"frames_behind must be float32 of shape {expected}, one number for each place.")
    if not (behind.min() >= 1 and behind.max() <= merged):
        raise FrameError(
            f"frames_behind lies in {behind.min():g} to {behind.max():g}; allowed: 1 to the {merged} frames that were "
            "merged."
        )


@dataclass(frozen=True)
class RawFrame:
    """(H, W) uint16 sensor counts (DN), black level included.

    frames_behind  of a merged frame: (rows, columns) float32 at the places of `isp.burst.places`, how many measured
                   frames back the picture there, 1 to `shot.frames`; their median is what `shot.noise` is for.
                   None for a single exposure
    """

    pixels: np.ndarray
    shot: Shot
    frames_behind: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check_pixels(self.pixels, (np.uint16,), 2, "Raw frame")
        _check_frames_behind(self)


@dataclass(frozen=True)
class Burst:
    """1..n raw frames of one scene; `reference` is the frame the photo looks like. One photo is a burst of one."""

    frames: tuple[RawFrame, ...]
    reference: int = 0

    def __post_init__(self) -> None:
        if not self.frames:
            raise FrameError("A burst needs at least one frame.")
        if not 0 <= self.reference < len(self.frames):
            raise FrameError(f"Reference frame {self.reference} is not one of the burst's {len(self.frames)}.")
        first = self.frames[0]
        for index, frame in enumerate(self.frames):
            if frame.pixels.shape != first.pixels.shape:
                raise FrameError(f"Frame {index} is {frame.pixels.shape}, frame 0 is {first.pixels.shape}.")
            if (frame.shot.sensor, frame.shot.bayer) != (first.shot.sensor, first.shot.bayer):
                raise FrameError(f"Frame {index} comes from another sensor or Bayer order than frame 0.")

    @property
    def reference_frame(self) -> RawFrame:
        """The frame the photo looks like."""
        return self.frames[self.reference]


@dataclass(frozen=True)
class Mosaic:
    """(H, W) float32, linear and finite: 0 = black, 1 = saturation before gains; noise may go below 0.

    `frames_behind` as in RawFrame. The noise model belongs to the values before shading and white-balance gains; at a
    place its variances are `shot.noise` times the median of `frames_behind` over the number there.
    """

    pixels: np.ndarray
    shot: Shot
    frames_behind: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check_pixels(self.pixels, (np.float32,), 2, "Mosaic")
        _check_finite(self.pixels, "Mosaic")
        _check_frames_behind(self)


@dataclass(frozen=True)
class LinearImage:
    """(H, W, 3) float32 linear light, finite; only where a mode truly needs the whole picture (bokeh, zoom).

    `frames_behind` as in RawFrame.
    """

    pixels: np.ndarray
    shot: Shot
    frames_behind: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check_pixels(self.pixels, (np.float32,), 3, "Linear image")
        _check_finite(self.pixels, "Linear image")
        _check_frames_behind(self)


@dataclass(frozen=True)
class LinearFrame:
    """(H, W, 3) uint16 counts, black level included: what a burst measured of all three colours at every pixel.

    Red, green, blue of the camera, before white balance. The facts are those of a raw frame whose pixels these are: the
    Bayer order only names where a colour stood on the sensor, and the noise is that of a green value. `frames_behind`
    as in RawFrame.
    """

    pixels: np.ndarray
    shot: Shot
    frames_behind: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check_pixels(self.pixels, (np.uint16,), 3, "Linear frame")
        _check_frames_behind(self)


@dataclass(frozen=True)
class Photo:
    """(H, W, 3) uint8 or uint16, display-encoded sRGB, plus the recipe that made it; `frames_behind` as in RawFrame."""

    pixels: np.ndarray
    shot: Shot
    recipe: Pipeline | None = field(default=None, compare=False)
    frames_behind: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check_pixels(self.pixels, (np.uint8, np.uint16), 3, "Photo")
        _check_frames_behind(self)
