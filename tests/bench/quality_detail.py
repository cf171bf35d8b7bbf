"""Sharpness and the lens, judged on the final photo; part of `quality.py`."""

from __future__ import annotations

import numpy as np
from bars import ISO_1600, ISO_3200, LIGHT_K, SENSORS, SMALLEST, Bar, photo_of
from measures.discs import SHAPE, discs
from measures.edges import blurred_edge, mtf50, overshoot
from measures.exposed import CORNER, MIDDLE, WHOLE, exposed
from measures.luma_chroma import luma_of

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.colour_fringes import ColourFringes
from isp.frames import RawFrame
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.tone import decode_srgb

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
# Low, middle and high contrast around a grey card, then black to nearly white; a good lens and a fair one.
STEPS = ((0.12, 0.25), (0.06, 0.30), (0.01, 0.50), (0.005, 0.95))
LENS_BLURS_PX = (0.5, 0.8)
# Local tone changes light from place to place on purpose; what it does to edges has a row of its own.
EVEN_LIGHT = {"white_balance": {"temperature_k": LIGHT_K}, "local_tone": {"strength": 0.0}}
SOFT = {"sharpen": {"amount": 0.0}}
CORNER_PX = np.hypot(*SHAPE) / 2


def sharpness_bars() -> list[Bar]:
    """Edges gain, grain does not."""
    gained, swing, grain = {}, {}, {}
    for low, high in STEPS:
        for blur_px in LENS_BLURS_PX:
            frame = exposed(blurred_edge(low, high, blur_px), noise=False)
            soft, sharp = (decode_srgb(photo_of(frame, EVEN_LIGHT | t) / 255.0) @ LUMINANCE for t in (SOFT, {}))
            place = f"{low:g} to {high:g}, lens {blur_px:g} px"
            gained[place], swing[place] = mtf50(sharp) / mtf50(soft), 100 * max(overshoot(sharp))
    for sensor in SENSORS:
        for gain in (4.0, ISO_1600, ISO_3200):
            for name, place in (("middle", MIDDLE), ("corner", CORNER)):
                frame = exposed(np.full((192, 192), 0.18), sensor, gain=gain, field_of_view=place)
                soft, sharp = (luma_of(photo_of(frame, EVEN_LIGHT | t)).std() for t in (SOFT, {}))
                grain[f"{sensor} gain {gain:g} {name}"] = float(sharp / soft)
    return [
        Bar("MTF50 of a slanted edge, sharpened against not", "times", gained, least=1.25),
        Bar("overshoot of that edge, of its step", "%", swing, most=8.0),
        Bar("noise of a flat patch, sharpened against not", "times", grain, most=1.1),
    ]


def lens_bars() -> list[Bar]:
    """Shading and coloured fringes."""
    return [*_shading(), _fringes(), _fringes_gain()]


def _shading() -> list[Bar]:
    brightness, colour = {}, {}
    for sensor in SENSORS:
        for light_k in (2850, 4000, 6500):
            frame, _ = simulate("flat", sensor, *SMALLEST[sensor], illuminant_k=light_k, bad_pixels=0.0)
            shown = decode_srgb(photo_of(frame) / 255.0)
            height, width = (side // 8 for side in shown.shape[:2])
            parts = shown[: 8 * height, : 8 * width].reshape(8, height, 8, width, 3).mean(axis=(1, 3))
            luminance = parts @ LUMINANCE
            brightness[f"{sensor} {light_k} K"] = 100 * float(np.ptp(luminance) / luminance.mean())
            colour[f"{sensor} {light_k} K"] = 100 * float(np.ptp(parts / luminance[..., None], axis=(0, 1)).max())
    return [
        Bar("a flat field's parts differ in brightness by", "%", brightness, most=2.0),
        Bar("and in colour by", "%", colour, most=2.0),
    ]


def _fringed(corner_px: float, gain: float) -> RawFrame:
    """Discs through a lens that draws red too far out in the corner by so much, and blue too far in."""
    return exposed(discs(), field_of_view=WHOLE, gain=gain, colour_fringes=corner_px / CORNER_PX)


def _fringes() -> Bar:
    """What the photo's recipe takes off, against what the lens put on."""
    left = {}
    for corner_px in (-1.0, 0.5, 1.0, 2.0):
        for gain in (1.0, 8.0):
            frame = _fringed(corner_px, gain)
            planned = plan(photo_pipeline(), frame, load_sensor(frame.shot.sensor).tuning).stage(ColourFringes)
            scales = np.array([planned.red_scale, planned.blue_scale])
            away = (scales - 1) * CORNER_PX - np.array([corner_px, -corner_px])
            left[f"{corner_px:g} px gain {gain:g}"] = float(np.abs(away).max())
    return Bar("colour fringes left in the corner", "px", left, most=0.1)


def _fringes_gain() -> Bar:
    nearer = {}
    for corner_px in (1.0, 2.0):
        frame = _fringed(corner_px, 1.0)
        wanted = photo_of(_fringed(0.0, 1.0), EVEN_LIGHT).astype(float)
        off = {"colour_fringes": {"enabled": False}}
        wrong = [np.square(photo_of(frame, EVEN_LIGHT | t) - wanted).mean() for t in (off, {})]
        nearer[f"{corner_px:g} px"] = float(10 * np.log10(wrong[0] / wrong[1]))
    return Bar("nearer to the photo of a lens without fringes by", "dB", nearer, least=3.0)
