"""Everything of a simulated frame but the clock: scene, light, hand, sensor specimen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from firmware.cameras.metering import green_levels
from firmware.cameras.simulation.bad_pixels import scatter_bad_pixels, turned
from firmware.cameras.simulation.exposure import Exposure, Limits, settled, signal_of_white
from firmware.cameras.simulation.motion import HandPath, MovingBall
from firmware.cameras.simulation.quick_noise import QuickNoise
from firmware.cameras.simulation.scenes import find_scene
from firmware.cameras.simulation.sensor_physics import Converter, flipped_order, light_on_pixels, read_out
from firmware.cameras.simulation.view import View
from firmware.sensors import Sensor, SensorMode, load_sensor
from firmware.settings import Settings
from isp.frames import RawFrame, Shot

# So many rows are drawn at once: their planes stay in the cache, and no second frame of floats is ever held. Even.
BAND_ROWS = 128


@dataclass(frozen=True)
class Truth:
    """What a frame would be without lens, filters, noise and flaws.

    linear        (H, W, 3) float32 linear sRGB; 1 saturates a green pixel where the lens does not shade
    shift_px      (y, x) that the hand has moved this frame's picture since the start
    object_px     (y, x) of the moving ball's centre in this frame; None when nothing moves
    object_radius_px   its radius
    """

    linear: np.ndarray
    illuminant_k: float
    shift_px: tuple[float, float]
    object_px: tuple[float, float] | None
    object_radius_px: float


@dataclass(frozen=True)
class Moment:
    """One frame's place in time. The hand moves with `time_s` (middle of the exposure), the ball with `number`."""

    number: int
    time_s: float
    exposure: Exposure


class World:
    """Made from settings; cheap until the first frame, which draws the scene. Raises SettingsError."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings.simulated
        self.sensor: Sensor = load_sensor(self.settings.sensor, settings.camera.tuning)
        self.mode: SensorMode = self.sensor.nearest_mode(settings.camera.width_px, settings.camera.height_px)
        self.shape = (self.mode.height, self.mode.width)
        self.flips = (settings.camera.hflip, settings.camera.vflip)
        native = flipped_order(self.sensor.bayer, *self.flips)
        self.bayer = native if self.settings.bayer == "sensor" else self.settings.bayer
        self.converter = Converter.of(self.sensor.tuning, self.mode.bits)
        self.field_of_view = self.sensor.field_of_view(self.mode)
        self._scene = find_scene(self.settings.scene)
        self._hand = HandPath(self.settings.handshake_px, self.settings.seed)
        self._ball = MovingBall(self.settings.motion_px, *self.shape) if self.settings.motion_px else None
        flaws = scatter_bad_pixels(self.settings.bad_pixels, self.shape, self.settings.seed)
        self._flaws = turned(flaws, self.shape, *self.flips)
        self._drawn: tuple[object, np.ndarray] | None = None

    def meter(self, limits: Limits, compensation_ev: float) -> Exposure:
        """The exposure that metering would have settled on before the first frame."""
        levels = green_levels(self._light(0, 0.0), self.bayer)
        per_us = signal_of_white(self.sensor, self.settings.lux, Exposure(1, 1.0))
        return settled(levels, per_us, limits, compensation_ev)

    def frame(self, moment: Moment, timestamp_ns: int, wall_time_ns: int) -> RawFrame:
        """The counts of one exposure; the same moment and seed give the same counts."""
        exposure = moment.exposure
        noise = self.sensor.noise_at(exposure.analogue_gain, self.mode)
        counts = read_out(
            self._light(moment.number, moment.time_s),
            signal_of_white(self.sensor, self.settings.lux, exposure),
            noise if self.settings.noise else None,
            self.converter,
            self._flaws,
            QuickNoise([self.settings.seed, 3, moment.number]),
        )
        shot = Shot(
            sensor=self.sensor.name,
            bayer=self.bayer,
            black_dn=(float(self.converter.black_dn),) * 4,
            white_dn=float(self.converter.white_dn),
            timestamp_ns=timestamp_ns,
            wall_time_ns=wall_time_ns,
            exposure_us=float(exposure.exposure_us),
            analogue_gain=exposure.analogue_gain,
            noise=noise,
            field_of_view=self.field_of_view,
            hflip=self.flips[0],
            vflip=self.flips[1],
            lux=self.settings.lux,
        )
        return RawFrame(counts, shot)

    def truth(self, moment: Moment) -> Truth:
        """What that frame shows, before lens and sensor."""
        picture = np.stack(list(self._planes(moment.number, moment.time_s)), axis=-1)
        signal = signal_of_white(self.sensor, self.settings.lux, moment.exposure)
        linear = self._flipped(picture) * np.float32(signal)
        shift = self._hand.shift_at(moment.time_s)
        centre = self._ball.centre_at(moment.number) if self._ball else None
        return Truth(
            linear=linear,
            illuminant_k=self.settings.illuminant_k,
            shift_px=self._in_frame(shift),
            object_px=centre and self._mirrored((centre[0] + shift[0], centre[1] + shift[1])),
            object_radius_px=self._ball.radius_px if self._ball else 0.0,
        )

    def _light(self, number: int, time_s: float) -> np.ndarray:
        """Light on each pixel, drawn again only when something has moved."""
        moved = (self._hand.shift_at(time_s), self._ball and self._ball.centre_at(number))
        if self._drawn is None or self._drawn[0] != moved:
            light = np.ascontiguousarray(self._flipped(self._light_before_flips(number, time_s)))
            light.reshape(-1)[self._flaws.dead] *= self._flaws.dead_answers
            self._drawn = (moved, light)
        return self._drawn[1]

    def _light_before_flips(self, number: int, time_s: float) -> np.ndarray:
        light = np.empty(self.shape, dtype=np.float32)
        # A lens that fringes moves light between bands.
        band_rows = self.shape[0] if self.settings.colour_fringes else BAND_ROWS
        for top in range(0, self.shape[0], band_rows):
            band = range(top, min(top + band_rows, self.shape[0]))
            light[band.start : band.stop] = light_on_pixels(
                self._planes(number, time_s, band),
                self.shape,
                flipped_order(self.bayer, *self.flips),
                self.sensor.tuning,
                self.settings.illuminant_k,
                self.field_of_view,
                self.settings.colour_fringes,
                first_row=top,
            )
        return light

    def _planes(self, number: int, time_s: float, band: range | None = None) -> Iterable[np.ndarray]:
        """The scene as it stands at that moment, before the readout flips it."""
        view = View(*self.shape, self.settings.illuminant_k, self._hand.shift_at(time_s), band)
        planes = self._scene(view)
        if self._ball is None:
            return planes
        picture = np.stack(list(planes))
        self._ball.paint(picture, view, self._ball.centre_at(number))
        return picture

    def _flipped(self, picture: np.ndarray) -> np.ndarray:
        hflip, vflip = self.flips
        return picture[:: -1 if vflip else 1, :: -1 if hflip else 1]

    def _in_frame(self, shift: tuple[float, float]) -> tuple[float, float]:
        hflip, vflip = self.flips
        return (-shift[0] if vflip else shift[0], -shift[1] if hflip else shift[1])

    def _mirrored(self, place: tuple[float, float]) -> tuple[float, float]:
        hflip, vflip = self.flips
        height, width = self.shape
        return (height - place[0] if vflip else place[0], width - place[1] if hflip else place[1])
