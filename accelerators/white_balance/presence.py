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
BRIGHTEST = 0.25
# All zones, the brightest quarter, the stronger half of the differences between neighbours.
KINDS = 3
FEATURES = KINDS * BINS * BINS
# No colour is further from grey than this.
MOST = 1e4
# A colour beyond the last bin counts there; each needs a next one.
LAST_BIN = BINS - 1.001
# Candidates: what is counted together stays in the processor's cache.
AT_A_TIME = 12


def presence(zones: JudgedZones, candidates: Candidates) -> np.ndarray:
    """(63, 675) float32, 0 to 1: how present each colour is, candidate by candidate; 0 where none may be the answer."""
    seen = zones.seen if zones.say_something else np.ones(zones.share.shape, bool)
    colours = zones.colours[seen]
    brightest = colours[np.argsort(colours.sum(axis=1), kind="stable")[-max(round(BRIGHTEST * len(colours)), 1) :]]
    changes = _strong_changes(zones.colours, seen)
    kinds = [colours, brightest, changes]
    weights = [np.ones(len(colours)), np.ones(len(brightest)), np.sqrt(changes.sum(axis=1))]
    present = np.zeros((len(MIRED), FEATURES), np.float32)
    present[candidates.on_curve] = _histograms(kinds, weights, candidates.greys[candidates.on_curve])
    return np.sqrt(np.sqrt(present))


def _strong_changes(colours: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(n, 3): differences between neighbours, without the weaker half; none if there are hardly any."""
    down = np.abs(np.diff(colours, axis=0))[seen[1:] & seen[:-1]]
    across = np.abs(np.diff(colours, axis=1))[seen[:, 1:] & seen[:, :-1]]
    changes = np.concatenate([down, across])
    strength = changes.sum(axis=1)
    kept = strength >= np.median(strength) if len(changes) >= FEWEST_ZONES else np.zeros(len(changes), bool)
    return np.maximum(changes[kept], LEAST)


def _histograms(kinds: list[np.ndarray], weights: list[np.ndarray], greys: np.ndarray) -> np.ndarray:
    """(candidates, 675): of each kind's colours (n, 3) the share in each bin; one is shared out to its nearest four.

    weights  (n,) of each kind; greys (candidates, 2)
    """
    kind = np.repeat(np.arange(KINDS), [len(colours) for colours in kinds])
    shares = np.concatenate([weight / max(weight.sum(), LEAST) for weight in weights]).astype(np.float32)
    logs = np.ascontiguousarray(log_colours(np.concatenate(kinds), MOST).T)
    rows = (np.arange(AT_A_TIME)[:, np.newaxis] * KINDS + kind) * BINS**2
    parts = [greys[begin : begin + AT_A_TIME].T.copy() for begin in range(0, len(greys), AT_A_TIME)]
    return np.concatenate([_counted(_places(logs, part), shares, rows[: part.shape[1]]) for part in parts])


def _counted(places: np.ndarray, shares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(candidates, 675): shares (n,) in the bins at these places (2, candidates, n); rows: the bins' numbers begin."""
    first = np.floor(places)
    rest = places - first
    bins = (rows + (first[0] * BINS + first[1]).astype(np.int64)).ravel()
    above = rest[0] * shares
    below = shares - above
    count = len(rows) * FEATURES
    counted = np.zeros(count)
    for step, part in ((0, below), (BINS, above)):
        right = part * rest[1]
        counted += np.bincount(bins + step, (part - right).ravel(), count)
        counted += np.bincount(bins + (step + 1), right.ravel(), count)
    return counted.reshape(len(rows), FEATURES)


def _places(logs: np.ndarray, greys: np.ndarray) -> np.ndarray:
    """(2, candidates, n) float32: in which bin red and blue lie, 0 to just below the last one.

    logs (2, n), seen from each of greys (2, candidates)
    """
    away = logs[:, np.newaxis] - greys[:, :, np.newaxis]
    far = np.abs(away) * np.float32(1 / FINE)
    warped = np.copysign(np.log(far + np.sqrt(far * far + 1)), away)
    return np.clip(warped * np.float32(1 / STEP) + BINS // 2, 0, LAST_BIN)
