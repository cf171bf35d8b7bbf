"""What speaks for each candidate: how grey, how coloured, how impossible the scene would be, were this the light.

Colours are taken relative to the candidate's grey: along the sensor's curve in units of 200 mired, and towards green in
natural log, so that a number means the same for every sensor. Sources: Buchsbaum 1980 (grey world); Finlayson and
Trezzi 2004 (shades of grey); van de Weijer et al. 2007 (grey edges); Forsyth 1990 (a light that makes colours no
surface has is none); libcamera `awb_bayes.cpp` (distance of zones from grey, each held to a limit; priors by lux).
"""

from __future__ import annotations

import math

import numpy as np

from accelerators.white_balance.candidates import COARSE_MIRED, EVERY, Candidates
from accelerators.white_balance.zones import JUDGED, JudgedZones, log_colours

# (along, towards green, radius) around a candidate's grey in which zones are counted; edges only in the first ones.
PLACES = np.array(
    [
        *((0, 0, 0.03), (0, 0, 0.06), (0, 0, 0.12), (0, 0, 0.25)),
        *((0.12, 0, 0.07), (-0.12, 0, 0.07), (0, 0.12, 0.07), (0, -0.12, 0.07)),
        *((0.3, 0, 0.13), (-0.3, 0, 0.13), (0, 0.3, 0.13), (0, -0.3, 0.13), (0.3, -0.25, 0.13)),
    ],
    np.float32,
)
EDGE_PLACES = PLACES[:8]
THIRD_PLACE = np.array([(0, 0, 0.1)], np.float32)
FLOOR = np.float32(0.01)  # of a share, before its logarithm
GREEN = np.float32(math.sqrt(0.5))  # red and blue of the direction of tint
LEAST_ANGLE = 1e-2  # a curve that leads towards green has no other direction; no sensor's does
STRONGEST_CHANGES = 160
MOST_OF_ZONES, MOST_OF_CHANGES = math.exp(3.0), 100.0
FAR_ALONG, FAR_GREEN, NEAR_ALONG, NEAR_GREEN = 0.25, 0.2, 0.15, 0.1
OUTER, WIDE = 0.05, 0.4
LIMITS = 0.03, 0.1, 0.3  # of a zone's squared distance from grey
DARKER, DARKEST = 0.1, 0.002  # zones darker than this share of the mean, or than this, count less
TENTH = 0.9
THIRDS = (0.0, 0.34), (0.66, 1.0)  # sky is above, ground below
BELOW_NOTHING, SOFT = 0.02, 0.03  # a colour without any red, green or blue is impossible, noise aside
# Of libcamera's tuning files: lux, (K, log likelihood)*; and their weight there.
PRIORS = (
    (0.0, ((2000, 1), (3000, 0), (13000, 0))),
    (800.0, ((2000, 0), (6000, 2), (13000, 2))),
    (1500.0, ((2000, 0), (4000, 1), (6000, 6), (6500, 7), (7000, 1), (13000, 1))),
)
PRIOR_WEIGHT, PRIOR_MIDDLE = 0.3, 3.0
CLUES = 97


def clues(zones: JudgedZones, candidates: Candidates, lux: float) -> np.ndarray:
    """(32, 97) float32, each bounded: the clues for every second candidate.

    lux  light on the scene, 0 or more
    """
    weights = _weights(zones)
    away = _away(zones.colours.reshape(-1, 3), MOST_OF_ZONES, candidates)
    u, v = _along_and_green(away, candidates.along)
    counts = _counts(u, v, PLACES, weights)
    edges, edge_counts = _edges(zones, candidates)
    distances = _distances(away, weights[:, 0])
    colours, impossible, saturations = _rendered(zones, candidates, weights)
    mean_u, mean_v = u @ weights, v @ weights
    more = np.column_stack([counts[:, 1], counts[:, 2], counts[:, 3, :1], edge_counts[:, 2:3]])
    less = np.column_stack([distances, impossible, saturations])
    on_curve = candidates.coarse_on_curve
    columns = [
        counts.reshape(len(counts), -1),
        edges,
        *_means(u, v, mean_u, mean_v, weights),
        _extent(u, zones),
        distances,
        _thirds(u, v, zones, weights[:, 0]),
        colours,
        _circumstances(zones, lux),
        _spread(u, mean_u[:, :1], weights[:, 0]),
        _spread(v, mean_v[:, :1], weights[:, 0]),
        # Against the best of the candidates.
        more - more[on_curve].max(axis=0),
        less - less[on_curve].min(axis=0),
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _weights(zones: JudgedZones) -> np.ndarray:
    """(n, 3) float32, each 1 together: all zones, the bright ones, the brightest tenth."""
    level, valid = zones.colours.mean(axis=-1).ravel(), zones.share.ravel()
    mean = np.average(level, weights=valid + 1e-6)
    lit = valid * level / (level + DARKER * mean + DARKEST) + 1e-9
    rank = np.empty(len(level))
    rank[np.argsort(np.where(valid > JUDGED, level, -1.0), kind="stable")] = np.arange(len(level)) / len(level)
    weights = np.stack([lit, lit * (level + 1e-6), lit * (rank > TENTH) + 1e-6 * lit], axis=1)
    return (weights / weights.sum(axis=0)).astype(np.float32)


def _away(colours: np.ndarray, most: float, candidates: Candidates) -> np.ndarray:
    """(2, 32, n): ln (red/green, blue/green) of colours (n, 3) relative to each candidate's grey."""
    logs = np.ascontiguousarray(log_colours(colours, most).T)
    return logs[:, np.newaxis] - candidates.greys[::EVERY].T[..., np.newaxis]


def _along_and_green(away: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log colours (2, 32, n) relative to grey, as lengths along the curve and towards green, (32, n) each."""
    angle = (along[:, :1] - along[:, 1:]) * GREEN
    angle = np.copysign(np.maximum(np.abs(angle), np.float32(LEAST_ANGLE)), angle)
    red, blue = away
    return (red - blue) * (GREEN / angle), (along[:, :1] * blue - along[:, 1:] * red) / -angle


def _counts(u: np.ndarray, v: np.ndarray, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(32, places, k) logarithm of the share of weights (n, k) near each place."""
    shares = [
        np.exp(((u - at_u) ** 2 + (v - at_v) ** 2) * (-0.5 / radius**2)) @ weights for at_u, at_v, radius in places
    ]
    return np.log(FLOOR + np.stack(shares, axis=1))


def _edges(zones: JudgedZones, candidates: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Clues of the strongest differences between neighbours, (32, 10), and (32, 8) the counts among them.

    Edges are glints and silhouettes, and surfaces' own colour cancels in them.
    """
    colours, share = zones.colours, zones.share[..., np.newaxis]
    across = np.abs(np.diff(colours, axis=1)) * np.minimum(share[:, 1:], share[:, :-1])
    down = np.abs(np.diff(colours, axis=0)) * np.minimum(share[1:], share[:-1])
    changes = np.concatenate([across.reshape(-1, 3), down.reshape(-1, 3)])
    changes = changes[np.argsort(changes[:, 1], kind="stable")[-STRONGEST_CHANGES:]]
    weights = changes[:, 1:2] + 1e-7
    weights = (weights / weights.sum()).astype(np.float32)
    u, v = _along_and_green(_away(changes, MOST_OF_CHANGES, candidates), candidates.along)
    counts = _counts(u, v, EDGE_PLACES, weights)[..., 0]
    grey_edge = np.tanh(u @ weights / FAR_ALONG), np.tanh(u / NEAR_ALONG) @ weights
    return np.concatenate([counts, *grey_edge], axis=1), counts


def _means(u: np.ndarray, v: np.ndarray, mean_u: np.ndarray, mean_v: np.ndarray, weights: np.ndarray) -> list:
    """How far grey world, shades of grey and the brightest tenth put the light from here; four times (32, 3)."""
    near = np.tanh(u / NEAR_ALONG) @ weights, np.tanh(v / NEAR_GREEN) @ weights
    return [np.tanh(mean_u / FAR_ALONG), np.tanh(mean_v / FAR_GREEN), *near]


def _extent(u: np.ndarray, zones: JudgedZones) -> np.ndarray:
    """(32, 2): where the warmest and the coldest zones lie."""
    seen = zones.seen.ravel()
    judged = u[:, seen] if seen.any() else u
    last = judged.shape[1] - 1
    ends = [round(OUTER * last), last - round(OUTER * last)]
    return np.tanh(np.partition(judged, ends, axis=1)[:, ends] / WIDE)


def _distances(away: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(32, 3): mean squared distance of red/green and blue/green from grey, as shares of each limit."""
    squares = (np.expm1(away) ** 2).sum(axis=0)
    return np.stack([np.minimum(squares, limit) @ weights / limit for limit in np.float32(LIMITS)], axis=1)


def _thirds(u: np.ndarray, v: np.ndarray, zones: JudgedZones, weights: np.ndarray) -> np.ndarray:
    """(32, 4): how grey the upper and the lower third of the picture are, and on which side of here they lie."""
    rows, columns = zones.share.shape
    height = np.repeat(np.linspace(0, 1, rows), columns)
    parts = np.stack([weights * ((height >= top) & (height <= end)) + 1e-8 for top, end in THIRDS], axis=1)
    parts = (parts / parts.sum(axis=0)).astype(np.float32)
    return np.concatenate([_counts(u, v, THIRD_PLACE, parts)[:, 0], np.tanh(u / NEAR_ALONG) @ parts], axis=1)


def _rendered(
    zones: JudgedZones, candidates: Candidates, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours as they would come out: five clues (32, 5); of them the share of impossible ones, and saturations."""
    colours = zones.colours.reshape(-1, 3)
    colours = colours / colours.mean(axis=1, keepdims=True)
    rendered = np.tensordot(candidates.renderings, colours, axes=(2, 1))  # (32, 3, n)
    least, most = rendered.min(axis=1), np.maximum(rendered.max(axis=1), 1e-6)
    ratio = np.maximum(least / most, -1)
    impossible = (1 / (1 + np.exp((ratio + BELOW_NOTHING) / np.float32(SOFT)))) @ weights[:, :1]
    saturation = 1 - np.maximum(ratio, 0)
    means = saturation @ weights[:, ::2]
    square = np.sqrt((saturation * saturation) @ weights[:, :1])
    tenth = round(0.1 * (saturation.shape[1] - 1))
    palest = np.partition(saturation, tenth, axis=1)[:, tenth, np.newaxis]
    return np.concatenate([impossible, means, square, palest], axis=1), impossible, means


def _circumstances(zones: JudgedZones, lux: float) -> np.ndarray:
    """(32, 6): which candidate this is, how bright the scene, how much of it was clipped."""
    mired, bright = (COARSE_MIRED - 200) / 60, (math.log(max(lux, 1.0)) - 6) / 2
    clipped = math.sqrt(max(1 - float(zones.share.mean()), 0.0))
    same = np.ones(len(mired))
    return np.stack([_prior(lux), mired, mired**2, bright * same, mired * bright, clipped * same], axis=1)


def _prior(lux: float) -> np.ndarray:
    """(32,): what libcamera expects by the brightness alone."""
    logs = [np.interp(1e6 / COARSE_MIRED, *np.transpose(points)) for _, points in PRIORS]
    lows = [np.interp(lux, [at for at, _ in PRIORS], share) for share in np.eye(len(PRIORS))]
    expected = PRIOR_WEIGHT * np.einsum("p,pc->c", lows, logs)
    return expected - np.log(np.exp(expected).sum()) + PRIOR_MIDDLE


def _spread(length: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(32, 1): how widely the zones are scattered."""
    return np.minimum(np.sqrt((length - mean) ** 2 @ weights), 1)[:, np.newaxis]
