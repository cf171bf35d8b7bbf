"""Noise reduction and bad pixels, judged on the final photo; part of `quality.py`."""

from __future__ import annotations

import numpy as np
from bars import ISO_1600, ISO_3200, LIGHT_K, SENSORS, Bar, photo_of
from measures.exposed import exposed
from measures.flaws import FLAWS, planted
from measures.luma_chroma import chroma_of, luma_of
from measures.night_sky import fluxes, night_sky
from measures.noise_power import BLOTCHES, decibels, noise_power
from measures.reading import can_read, unread_words

from firmware.cameras.simulation.scenes import find_scene, scene_names
from firmware.cameras.simulation.view import View
from isp.frames import RawFrame
from isp.tone import decode_srgb

GREY = 0.18
OFF = {"chroma_noise": {"strength": 0.0}, "luma_noise": {"strength": 0.0}}
# What is measured is small against a change of white balance.
KNOWN_LIGHT = {"white_balance": {"temperature_k": LIGHT_K}}
DIRECTIONS = {"across": (0.0, 1.0), "down": (1.0, 0.0), "aslant": (0.7071, 0.7071)}


def noise_bars() -> list[Bar]:
    """All bars of noise and bad pixels."""
    return [*_flat_patch(), _fine_pattern(), *_print(), _stars(), _flaws()]


def _flat_patch() -> list[Bar]:
    chroma, clouds, kept, blotches = {}, {}, {}, {}
    for sensor in SENSORS:
        frame = exposed(np.full((384, 384), GREY), sensor, gain=ISO_3200)
        before, after = photo_of(frame, OFF), photo_of(frame)
        for name, noisy, quiet in zip(("Cb", "Cr"), chroma_of(before), chroma_of(after), strict=True):
            chroma[f"{sensor} {name}"] = decibels(quiet.var(), noisy.var())
            clouds[f"{sensor} {name}"] = decibels(noise_power(quiet, BLOTCHES), noise_power(noisy, BLOTCHES))
        noisy, quiet = luma_of(before), luma_of(after)
        kept[sensor] = quiet.var() / noisy.var()
        blotches[sensor] = decibels(noise_power(quiet, BLOTCHES), noise_power(noisy, BLOTCHES))
    return [
        Bar("chroma noise, ISO 3200", "dB", chroma, most=-8.0),
        Bar("its clouds, below 0.05 cycles/px", "dB", clouds, most=-8.0),
        Bar("luma noise power kept, ISO 3200", "", kept, least=0.5),
        Bar("luma blotches, below 0.05 cycles/px", "dB", blotches, most=0.0),
    ]


def _fine_pattern() -> Bar:
    side, kept = 256, {}
    y, x = np.mgrid[:side, :side]
    for sensor in SENSORS:
        grain = _linear_grain(sensor)
        for name, (down, across) in DIRECTIONS.items():
            wave = np.exp(2j * np.pi * 0.25 * (down * y + across * x))
            frames = [exposed(GREY + 3 * grain * wave.real, sensor, gain=ISO_3200, seed=seed) for seed in range(2)]
            off, on = (
                sum(abs((luma_of(photo_of(frame, tables)) * wave.conj())[16:-16, 16:-16].mean()) for frame in frames)
                for tables in (OFF | KNOWN_LIGHT, KNOWN_LIGHT)
            )
            kept[f"{sensor} {name}"] = on / off
    return Bar("contrast kept, 0.25 cycles/px at three times the noise", "", kept, least=0.95)


def _linear_grain(sensor: str) -> float:
    """Deviation of the photo's luma noise before noise reduction and sharpening, carried back to light."""
    flat = exposed(np.full((256, 256), GREY), sensor, gain=ISO_3200)
    shown = luma_of(photo_of(flat, OFF | {"sharpen": {"amount": 0.0}})) / 255.0
    low, high = decode_srgb(shown.mean() + shown.std() * np.array([-1.0, 1.0]))
    return (high - low) / 2


def _print() -> list[Bar]:
    if not can_read() or "page" not in scene_names():
        print("tesseract or scikit-image is not installed: no row for print")
        return []
    page = 0.08 * np.stack(list(find_scene("page")(View(572, 1152, LIGHT_K))), axis=-1)
    frames = [exposed(page[:420], gain=ISO_1600, seed=seed) for seed in range(4)]
    off, on = (sum(unread_words(photo_of(frame, tables)) for frame in frames) for tables in (OFF, None))
    return [
        Bar(f"words lost of a page, ISO 1600, beyond the {off} lost without", "words", {"imx477": on - off}, most=0)
    ]


def _stars() -> Bar:
    lost = {}
    light, stars = night_sky(np.random.default_rng(2))
    for sensor in SENSORS:
        for gain in (1.0, ISO_1600):
            frame = exposed(light, sensor, gain=gain)
            left, whole = (
                decode_srgb(luma_of(photo_of(frame, KNOWN_LIGHT | tables)) / 255.0)
                for tables in ({}, {"bad_pixels": {"enabled": False}})
            )
            of_star = fluxes(whole - np.median(whole), stars)
            lost[f"{sensor} gain {gain:g}"] = float(np.max(fluxes(whole - left, stars) / of_star))
    return Bar("light a star loses to bad-pixel correction", "", lost, most=0.03)


def _flaws() -> Bar:
    seen = {}
    for sensor in SENSORS:
        for gain in (1.0, ISO_1600):
            frame = exposed(np.full((384, 384), 0.35), sensor, gain=gain)
            black, white = frame.shot.black_dn[0], frame.shot.white_dn
            mosaic = (frame.pixels - black) / (white - black)
            flawless = luma_of(photo_of(frame))
            for flaw in FLAWS:
                hurt, places = planted(mosaic, flaw, np.random.default_rng(3))
                counts = np.round(hurt * (white - black) + black).astype(np.uint16)
                away = np.abs(luma_of(photo_of(RawFrame(counts, frame.shot))) - flawless.mean())
                seen[f"{sensor} gain {gain:g} {flaw}"] = float(np.mean(away[places] > 5 * flawless.std()))
    return Bar("bad pixels that still show, more than 5 times the noise", "", seen, most=0.02)
