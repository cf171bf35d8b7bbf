"""Which colours are present, seen from each candidate: histograms of log colour, centred on the candidate's grey.

Source: Barron and Tsai 2017, "Fast Fourier Color Constancy" (FFCC): a filter over the log colour histogram finds the
light. We depart thus: candidates lie on the sensor's curve, so that the histogram is taken once for each of them; it is
fine near grey and coarse far away; and its fourth root is taken, for that a colour is there says more than how much.
"""

from __future__ import annotations

import numpy as np

from accelerators.white_balance.candidates import MIRED, Candidates
from accelerators.white_balance.zones import FEWEST_ZONES, LEAST, JudgedZones, log_colours

# Bins for each of red and blue; their middles lie at FINE * sinh(STEP * -7..7) in natural log colour: 0.04 apart near
# grey, 0.4 at the far end.
BINS, STEP, FINE = 15, 0.45, 0.08
POWER = 0.25
BRIGHTEST = 0.25
# All zones, the brightest quarter, the stronger half of the differences between neighbours.
KINDS = 3
FEATURES = KINDS * BINS * BINS
# No colour is further from grey than this.
MOST = 1e4


def presence(zones: JudgedZones, candidates: Candidates) -> np.ndarray:
    """(63, 675) float32, 0 to 1: how present each colour is, candidate by candidate; 0 where none may be the answer."""
    seen = zones.seen if zones.say_something else np.ones(zones.share.shape, bool)
    colours = zones.colours[seen]
    changes = _strong_changes(zones.colours, seen)
    brightness = colours.sum(axis=1)
    brightest = np.zeros(len(colours), bool)
    # Of zones as bright as each other the later ones in the picture count as brighter, so that it is always a quarter.
    brightest[np.argsort(brightness, kind="stable")[-max(round(BRIGHTEST * len(colours)), 1) :]] = True
    greys = candidates.greys[candidates.on_curve]
    present = np.zeros((len(MIRED), KINDS, BINS, BINS), np.float32)
    kinds = [*_histograms(colours, [np.ones(len(colours)), brightest], greys)]
    kinds += _histograms(changes, [np.sqrt(changes.sum(axis=1))], greys)
    present[candidates.on_curve] = np.stack(kinds, axis=1) ** np.float32(POWER)
    return present.reshape(len(MIRED), FEATURES)


def _strong_changes(colours: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(n, 3): differences between neighbours, without the weaker half; none if there are hardly any."""
    down = np.abs(np.diff(colours, axis=0))[seen[1:] & seen[:-1]]
    across = np.abs(np.diff(colours, axis=1))[seen[:, 1:] & seen[:, :-1]]
    changes = np.concatenate([down, across])
    strength = changes.sum(axis=1)
    kept = strength >= np.median(strength) if len(changes) >= FEWEST_ZONES else np.zeros(len(changes), bool)
    return np.maximum(changes[kept], LEAST)


def _histograms(colours: np.ndarray, weights: list[np.ndarray], greys: np.ndarray) -> list[np.ndarray]:
    """For each of the weights (candidates, BINS, BINS) shares of the colours, each shared out to its four nearest bins.

    colours (n, 3); greys (candidates, 2)
    """
    away = log_colours(colours, MOST)[np.newaxis] - greys[:, np.newaxis]
    far = np.abs(away) / np.float32(FINE)
    warped = np.copysign(np.log(far + np.sqrt(far * far + 1)), away)
    places = np.clip(warped / np.float32(STEP), -(BINS // 2), BINS // 2)[..., np.newaxis]
    bins = np.arange(BINS, dtype=np.float32) - BINS // 2
    red, blue = (np.maximum(1 - np.abs(places[:, :, axis] - bins), 0) for axis in (0, 1))
    answers = []
    for weight in weights:
        shares = (weight / max(weight.sum(), LEAST)).astype(np.float32)
        answers.append((red * shares[np.newaxis, :, np.newaxis]).transpose(0, 2, 1) @ blue)
    return answers
