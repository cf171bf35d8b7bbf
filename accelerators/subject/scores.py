"""From a network's answer to the share of each class at each place.

DeepLab v3 (Chen et al. 2017, "Rethinking atrous convolution ...") answers 33 x 33 logits a class, and as shipped
enlarges them to the picture and keeps only the winner. Both answers end up as the same thing here, shares on one grid.
From the logits they are soft, and finer than the answer: enlarged before the softmax the edge lies where the winner
changes; enlarged after it, where two distant places happen to average a half (on people 1 point of IoU less).
"""

from __future__ import annotations

import numpy as np

from accelerators.errors import ModelError
from accelerators.opencv import opencv
from accelerators.subject.classes import Classes
from accelerators.subject.grids import resampled

# Twice the network's 33 places a side. Twice more gains nothing that can be measured.
PLACES = 65


def class_shares(values: np.ndarray, classes: int) -> np.ndarray:
    """How much each place is of each class.

    values   (rows, columns, classes) logits, or (rows, columns) whole numbers: the winning class of each place
    classes  how many there are, background included
    Returns (65, 65, classes) float32 that sums to 1 at each place, outermost places at the picture's outermost pixels.
    Raises ModelError for any other answer.
    """
    if values.size and not np.isfinite(values).all():
        raise ModelError("The network answered numbers that are not finite: the model file or its device is broken.")
    if values.ndim == 3 and values.shape[2] == classes and min(values.shape) > 1:
        return _softmax(resampled(values, (PLACES, PLACES)))
    if values.ndim == 2 and min(values.shape) >= PLACES and 0 <= values.min() and values.max() < classes:
        return _shares_around(values, classes)
    raise ModelError(
        f"The network answered {values.shape}; understood are (rows, columns, {classes}) logits, or at least "
        f"{PLACES} x {PLACES} class numbers below {classes}. Check that model and labels belong together."
    )


def wanted_share(shares: np.ndarray, classes: Classes) -> np.ndarray:
    """How likely each place belongs to what may be a subject, whatever it is: (rows, columns) float32.

    shares  (rows, columns, classes)
    Votes for furniture are no votes for the background: hats and shoulders are taken for chairs, and dogs for sofas.
    Where somebody is seen, too, those votes are divided as the others are, but double nobody's own: an empty chair
    stays one. A bottle gets none: tables are under all of them.
    """
    wanted, living, furniture = (
        shares[..., numbers].sum(axis=2) for numbers in (classes.wanted, classes.living, classes.furniture)
    )
    return wanted + living * np.minimum(1, furniture / np.maximum(1 - furniture, np.float32(1e-6)))


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True)


def _shares_around(winners: np.ndarray, classes: int) -> np.ndarray:
    """Count winners around each place under a tent as wide as the network's own doubt: one of its 33 places."""
    rows, columns = (np.maximum(1, np.round(np.divide(winners.shape, 32))).astype(int)).tolist()
    y, x = (np.round(np.linspace(0, size - 1, PLACES)).astype(int) for size in winners.shape)
    shares = np.zeros((PLACES, PLACES, classes), np.float32)
    for number in np.unique(winners.astype(int)):
        is_winner = (winners == number).astype(np.float32)
        around = opencv().sepFilter2D(
            is_winner, -1, _tent(columns), _tent(rows), borderType=opencv().BORDER_REFLECT_101
        )
        shares[:, :, number] = around[np.ix_(y, x)]
    return shares


def _tent(reach: int) -> np.ndarray:
    tent = np.minimum(np.arange(1, 2 * reach), np.arange(1, 2 * reach)[::-1]).astype(np.float32)
    return tent / tent.sum()
