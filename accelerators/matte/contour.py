"""Where the subject ends: the contour that network, colours and edges agree on.

A graph cut over the pixels of a small copy: each pixel is pulled to its side by the network's probability and by its
colour (colours.py), and neighbours of like colour are held together (Boykov & Jolly 2001, "Interactive graph cuts for
optimal boundary and region segmentation of objects in N-D images"). Differs: the network's probability joins the
colours as one more witness instead of fixing pixels, so that neither a like-coloured background nor a blind spot of the
network decides alone. The cut itself is OpenCV's, inside its GrabCut.
"""

from __future__ import annotations

import numpy as np

from accelerators.matte.colours import anywhere, nearby
from accelerators.opencv import opencv

# Weights of the two colour witnesses beside the network: nearby speaks fully, colours from anywhere half.
TRUST_ANYWHERE, TRUST_NEARBY = 0.5, 1.0
# The network is at most 95 % sure, for its cells are wider than a leg; 90 to 99 % measure the same.
SUREST = 0.05
# Colours that the background shares, as of a white collar before a white wall, speak against a place the less the surer
# the network is of it: fully below 75 %, and at least so much.
DOUBT_TO_BE_HEARD, LEAST_HEARD = 0.25, 0.3
# Nearby colours are asked twice: the second time about a contour that is already better than the network's.
ROUNDS = 2
# All witnesses together speak with at most so many nats.
LOUDEST = 8.0
# Their loudest word against OpenCV's 50 for cutting between two like neighbours: straight edges, horns still whole.
LOUDEST_COST = 40.0
# Colours alone may lead the contour so far, in longer sides, some three of the network's cells; farther if it is thin.
FAR, THICK = 1 / 12, 1 / 20
# How the witnesses travel: as a third colour, of so many levels (few: it counts as an edge, too).
EVIDENCE_DN = 40


def find_contour(small: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The subject's pixels.

    small        (h, w, 3) uint8 sRGB
    probability  (h, w) float32, 0 to 1
    Returns (h, w) bool. All one side where the probability knows but one.
    """
    inside = probability > 0.5
    if inside.all() or not inside.any():
        return inside
    network = np.log((probability + SUREST) / (1 + SUREST - probability))
    everywhere = TRUST_ANYWHERE * anywhere(small, probability)
    heard_against = np.clip((1 - probability) / DOUBT_TO_BE_HEARD, LEAST_HEARD, 1)
    colours = [np.ascontiguousarray(plane, np.float32) / 255 for plane in np.moveaxis(small, 2, 0)]
    for _ in range(ROUNDS):
        # The network keeps half a say in what is nearby: a bad cut does not confirm itself.
        weight = np.float32(0.5) * (inside + probability)
        spoken = everywhere + TRUST_NEARBY * nearby(colours, weight)
        evidence = network + np.where(spoken < 0, heard_against * spoken, spoken)
        inside = cut(small, evidence)
    astray = _astray(inside, probability > 0.5)
    return cut(small, np.where(astray, -LOUDEST, evidence)) if astray.any() else inside


def _astray(inside: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Places far from all that the network takes for the subject and too thick for a horn or a leg: a flag, a wall."""
    cv2, longer = opencv(), max(inside.shape)
    away = cv2.distanceTransform((~said).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) / longer
    side = max(3, round(THICK * longer))
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    far = (inside & (away > FAR)).astype(np.uint8)
    return cv2.morphologyEx(far, cv2.MORPH_OPEN, round_brush).astype(bool)


def cut(small: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """The cheapest division between what the evidence says and the picture's edges.

    OpenCV has a graph cut only inside GrabCut, whose pull on a pixel is its colour's likelihood. So the evidence is
    handed over as a third colour beside the picture's two principal ones, with one frozen Gaussian for either side at
    the ends of that colour: their log ratio is linear in it, which is the evidence again.

    evidence  (h, w) float32 nats, > 0 for the subject. Returns (h, w) bool.
    """
    cv2 = opencv()
    level = (np.clip(evidence / (2 * LOUDEST), -0.5, 0.5) + 0.5) * EVIDENCE_DN
    told = np.dstack([*_two_principal_colours(small), np.rint(level).astype(np.uint8)])
    sides = np.where(evidence > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    cv2.grabCut(told, sides, None, _frozen(0), _frozen(EVIDENCE_DN), 1, cv2.GC_EVAL_FREEZE_MODEL)
    return (sides & 1).astype(bool)


def _two_principal_colours(small: np.ndarray) -> list[np.ndarray]:
    """The picture along the two directions in which its colours differ most, 0 to 255 around 128."""
    pixels = small.reshape(-1, 3).astype(np.float32)
    pixels -= pixels.mean(axis=0)
    _, directions = np.linalg.eigh(pixels.T @ pixels)
    # Colours reach sqrt(3) x 128 from grey.
    along = pixels @ (directions[:, :0:-1] / np.sqrt(3)) + 128
    return [np.clip(plane, 0, 255).astype(np.uint8).reshape(small.shape[:2]) for plane in along.T]


def _frozen(level: float) -> np.ndarray:
    """A mixture in GrabCut's layout that is one Gaussian around this level of the third colour, blind to the others."""
    # (v - 0)^2 - (v - E)^2 over 2 s^2 reaches E^2 / 2 s^2 at v = E.
    variance = EVIDENCE_DN**2 / (2 * LOUDEST_COST)
    model = np.zeros((1, 65))
    model[0, 0] = 1
    model[0, 5:8] = 128, 128, level
    model[0, 20:29] = np.diag([1e7, 1e7, variance]).ravel()
    return model
