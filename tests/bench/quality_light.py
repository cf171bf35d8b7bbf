"""Colour, highlights and tone, judged on the final photo; part of `quality.py`."""

from __future__ import annotations

import numpy as np
from bars import LIGHT_K, SENSORS, SMALLEST, Bar, photo_of
from demosaic import SHARED
from measures.chart import blocks, patches
from measures.clipping import newly_clipped
from measures.colour_difference import chroma_vector, delta_e_2000, lab
from measures.exposed import exposed
from measures.hue_sweep import hue_patches, hues_of
from measures.luma_chroma import luma_of
from measures.spectral_camera import EXPOSURE, calibrated, chart, chart_frame, light, responses, seen_by_eye
from measures.texture import texture

from firmware.cameras.simulated import scene_names, simulate
from firmware.cameras.simulation.room import room_boxes
from isp.develop import develop
from isp.frames import RawFrame
from isp.local_tone import LocalTone
from isp.photo import photo_pipeline
from isp.tone import decode_srgb, encode_srgb

LIGHTS = ("A", "D50", "D65", "LED-B1", "LED-B3")
# Stops of the brightest raw colour against its clipping.
BEFORE_CLIPPING_EV = np.arange(-3.0, -0.49, 0.5)
PATCH_PX = 48  # the mean of so many pixels has no noise left
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
NO_LIFT = {"local_tone": {"strength": 0.0}}


def colour_bars() -> list[Bar]:
    """Colour and highlights."""
    return [*_chart(), _photographs(), _hue_drift(), _grey_ramp(), _newly_clipped()]


def tone_bars() -> list[Bar]:
    """What the tone curve and local tone may do, and may not."""
    return [_mid_grey(), _flat_scene(), *_room(), _halo(), _lifted_noise(), *_night()]


def _known(light_k: float) -> dict:
    return {"white_balance": {"temperature_k": float(light_k)}}


def _chart() -> list[Bar]:
    table = SHARED / "data/pi-spectra/IMX219.csv"
    if not table.is_file():
        print(f"no spectra at {table}: no rows for the colour chart")
        return []
    response, mean, largest = responses(table), {}, {}
    tuning = calibrated(response)
    for name in LIGHTS:
        photo = develop(chart_frame(light(name), response), photo_pipeline(), tuning)
        wanted = lab(EXPOSURE * seen_by_eye(chart(), light(name)))
        differences = delta_e_2000(lab(patches(photo.pixels)), wanted)
        mean[name], largest[name] = float(differences.mean()), float(differences.max())
    return [
        Bar("colour chart, imx219's spectra: mean dE2000", "", mean, most=3.0),
        Bar("colour chart, imx219's spectra: largest dE2000", "", largest, most=8.0),
    ]


def _photographs() -> Bar:
    """Skin, wood, fur: the median hue of what has a colour, below the shoulder and not near black."""
    off = {}
    for scene in set(PHOTOGRAPHS) & set(scene_names()):
        for sensor in SENSORS:
            frame, truth = simulate(scene, sensor, *SMALLEST[sensor], illuminant_k=LIGHT_K)
            shown = blocks(decode_srgb(photo_of(frame, _known(LIGHT_K) | NO_LIFT) / 255.0))
            wanted = blocks(truth.linear)
            inside = (wanted.max(axis=-1) < 0.5) & (wanted.min(axis=-1) > 0.01) & (np.abs(chroma_vector(wanted)) > 0.04)
            turned = np.angle(chroma_vector(shown[inside]) / chroma_vector(wanted[inside]), deg=True)
            off[f"{scene} {sensor}"] = abs(float(np.median(turned)))
    return Bar("photographs: hue of skin, wood, fur off by", "degrees", off, most=2.0)


def _hue_drift() -> Bar:
    turned = {}
    for sensor in SENSORS:
        for light_k in (2900, 5000, 6500):
            photos = (
                photo_of(hue_patches(ev, sensor, light_k, PATCH_PX, True), _known(light_k)) for ev in BEFORE_CLIPPING_EV
            )
            hues = np.array([hues_of(decode_srgb(photo / 255.0)) for photo in photos])
            turned[f"{sensor} {light_k} K"] = float(np.abs(np.angle(hues / hues[-3], deg=True)).max())
    return Bar("hue turns with exposure, 48 hues over 2.5 stops, by", "degrees", turned, most=4.0)


def _grey_ramp() -> Bar:
    """Grey that rises until every raw colour is clipped, one after the other: no magenta, no cyan."""
    colour = {}
    for sensor in SENSORS:
        for light_k in (2500, 4000, 6500):
            ramp = np.linspace(0.25, 6.0, 1200) * np.ones((24, 1))
            photo = photo_of(exposed(ramp, sensor, light_k=light_k, noise=False), _known(light_k))
            colour[f"{sensor} {light_k} K"] = float(np.abs(chroma_vector(decode_srgb(photo / 255.0)))[4:-4, 4:-4].max())
    return Bar("a grey that clips colour by colour: Oklab chroma", "", colour, most=0.01)


def _exposed_times(scene: str, sensor: str, times: float, gain: float) -> RawFrame:
    """The scene at so many times the metered light, this share of it by gain."""
    metered, _ = simulate(scene, sensor, *SMALLEST[sensor])
    product = metered.shot.exposure_us * metered.shot.analogue_gain * times
    return simulate(scene, sensor, *SMALLEST[sensor], exposure_us=round(product / gain), analogue_gain=gain)[0]


def _newly_clipped() -> Bar:
    cases = [(scene, times, gain) for scene in PHOTOGRAPHS for times, gain in ((1, 1.0), (3, 4.0))]
    cases += [(scene, 1, gain) for scene in ("room", "lamps", "page") for gain in (1.0, 4.0)]
    shares = {}
    for scene, times, gain in cases:
        for sensor in SENSORS if scene in scene_names() else ():
            frame = _exposed_times(scene, sensor, times, gain)
            shares[f"{scene} {sensor} x{times} gain {gain:g}"] = 100 * newly_clipped(frame, photo_of(frame))
    return Bar("pixels at 255 that the sensor did not clip", "%", shares, most=0.05)


def _mid_grey() -> Bar:
    off = {}
    for sensor in SENSORS:
        frame, truth = simulate("grey", sensor, *SMALLEST[sensor])
        off[sensor] = abs(float(photo_of(frame).mean() - 255 * encode_srgb(truth.linear.mean(dtype=np.float64))))
    return Bar("mid grey is off by", "codes", off, most=1.5)


def _flat_scene() -> Bar:
    """Soft stripes of a quarter of a stop: how much more contrast the photo has than the scene."""
    stripes = 0.18 * np.exp2(0.125 * np.sin(2 * np.pi * np.arange(640) / 80)) * np.ones((480, 1))
    wanted = encode_srgb(stripes[0]).std()
    more = {}
    for sensor in SENSORS:
        photo = photo_of(exposed(stripes, sensor), _known(LIGHT_K))
        more[sensor] = float((luma_of(photo) / 255.0).mean(axis=0).std() / wanted)
    return Bar("contrast of a flat scene, against its own", "", more, most=1.02)


def _room() -> list[Bar]:
    lifted, window = {}, {}
    for sensor in SENSORS:
        frame, _ = simulate("room", sensor, *SMALLEST[sensor])
        boxes = room_boxes(*frame.pixels.shape)
        without, photo = (photo_of(frame, _known(LIGHT_K) | tables)[..., 1] for tables in (NO_LIFT, {}))
        for area in ("wall", "sofa", "floor", "far wall"):
            lifted[f"{sensor} {area}"] = texture(photo, boxes[area]) / texture(without, boxes[area])
        for area in ("sky", "houses"):
            window[f"{sensor} {area}"] = texture(photo, boxes[area])
    return [
        Bar("12-stop room: texture in the dark gains", "times", lifted, least=1.2),
        Bar("12-stop room: texture that the window keeps", "codes", window, least=4.0),
    ]


def _halo() -> Bar:
    """Beyond what sharpening reaches: 4 pixels and more from the edge."""
    rows, columns = np.mgrid[:480, :640]
    slant = np.radians(5)
    distance = (columns - 320) * np.cos(slant) + (rows - 240) * np.sin(slant)
    swing = {}
    for low in (0.001, 0.0025, 0.005, 0.01):
        for high in (0.3, 0.8):
            picture = low + (high - low) * np.clip(distance + 0.5, 0, 1)
            shown = photo_of(exposed(picture, noise=False), _known(LIGHT_K))[..., 1].astype(float)
            sides = shown[distance < -4], shown[distance > 4]
            step = np.median(sides[1]) - np.median(sides[0])
            swing[f"{low:g} to {high:g}"] = 100 * max(np.abs(side - np.median(side)).max() for side in sides) / step
    return Bar("halo at a hard edge, of its step", "%", swing, most=2.0)


def _lifted_noise() -> Bar:
    allowed, share = LocalTone().noise_codes, {}
    patch = np.s_[80:400, 60:340]
    for level in (0.0015, 0.004, 0.008, 0.015):
        for gain in (1.0, 4.0, 8.0):
            picture = np.full((480, 640), level)
            picture[:, 420:] = 0.7
            frame = exposed(picture, gain=gain)
            before, after = (
                luma_of(photo_of(frame, _known(LIGHT_K) | tables)[patch]).std() for tables in (NO_LIFT, {})
            )
            share[f"{level:g} gain {gain:g}"] = float(after / max(allowed, before))
    return Bar("noise in lifted shadows, against the knob's limit", "times", share, most=1.15)


def _night() -> list[Bar]:
    rise, mean = {}, {}
    for sensor in SENSORS:
        for lux in (1.0, 20.0, 800.0):
            frame, _ = simulate("lamps", sensor, *SMALLEST[sensor], lux=lux, illuminant_k=2700.0)
            without, photo = (luma_of(photo_of(frame, _known(2700.0) | tables)) for tables in (NO_LIFT, {}))
            night = without < 60
            rise[f"{sensor} {lux:g} lux"] = float(np.median(photo[night]) - np.median(without[night]))
            mean[f"{sensor} {lux:g} lux"] = float(photo.mean() - without.mean())
    return [
        Bar("night: its dark parts rise by", "codes", rise, most=10.0),
        Bar("night: all of it rises by", "codes", mean, most=10.0),
    ]
