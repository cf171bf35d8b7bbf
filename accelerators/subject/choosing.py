"""Which of the things that a network sees are the subject, as a photographer would say.

People and animals come first, and all of them stay sharp that are about as near as the nearest one: nearness shows in
size. What they hold or ride stays with them, and so does anything that stands on the same ground; a bus behind them
does not. Without people and animals the largest thing near the middle is the subject, and its equals beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.opencv import opencv
from accelerators.subject.classes import Classes
from accelerators.subject.scores import wanted_share

# Whoever is this much less tall than the subject stands this much farther off: a lens would blur that passer-by.
LEAST_HEIGHT = 0.25
# Of things beside the largest thing: a row of boats is one picture, a distant boat is not part of it.
LEAST_SIZE = 0.25
# A patch is somebody where people or animals are at least this much of it, and of the largest thing: not a van with a
# driver, nor the shadow under an aeroplane that the network takes for a man.
LEAST_LIVING = 0.1
# A thing at somebody this small beside them is something they hold, or an arm that the network named wrongly.
MOST_HELD = 0.25
# A thing stands where they stand if it ends at most this much of their height above their lowest point.
SAME_GROUND = 0.1
# Gap in places of the grid that a hidden waist or a bright belt tears open.
TORN_GAP = 3.0


@dataclass(frozen=True)
class Chosen:
    """The subject on the grid.

    keep     (rows, columns) float32: 1 where what is wanted belongs to the subject, 0 around what does not
    mask     (rows, columns) bool: the subject's places
    kind     "person", "animal" or "object"
    names    its classes, the largest first
    """

    keep: np.ndarray
    mask: np.ndarray
    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Patch:
    """One connected region: where it is, and how many of its places are people or animals before all else."""

    mask: np.ndarray
    living: int

    @property
    def area(self) -> int:
        return np.count_nonzero(self.mask)

    @property
    def length(self) -> int:
        """The longer side of its frame: somebody lying down is as near as somebody standing."""
        return max(np.ptp(np.flatnonzero(self.mask.any(axis=axis))) + 1 for axis in (0, 1))


def choose(shares: np.ndarray, classes: Classes) -> Chosen | None:
    """Choose the subject from (rows, columns, classes) shares; None where nothing but background is seen."""
    living, wanted = shares[..., classes.living].sum(axis=2), wanted_share(shares, classes)
    patches = _patches(wanted > 0.5, 2 * living > shares[..., classes.wanted].sum(axis=2))
    if not patches:
        return None
    somebody = _somebody(patches)
    kept = _with_torn_parts(_near(somebody), patches) if somebody else _equals(patches, wanted)
    mask = np.any([patch.mask for patch in kept], axis=0)
    others = (wanted > 0.5) & ~mask
    if somebody:
        behind = _things_behind(shares, classes, mask, living)
        mask, others = mask & ~behind, others | behind
    keep = _nearer_to(mask, others)
    return Chosen(keep, mask, _kind(shares[mask], classes, bool(somebody)), _names(shares[mask], classes))


def _patches(region: np.ndarray, lives: np.ndarray) -> list[_Patch]:
    count, numbers = opencv().connectedComponents(region.astype(np.uint8), connectivity=8)
    masks = [numbers == number for number in range(1, count)]
    return [_Patch(mask, np.count_nonzero(mask & lives)) for mask in masks]


def _somebody(patches: list[_Patch]) -> list[_Patch]:
    """Patches that are people or animals."""
    lively = [patch for patch in patches if patch.living >= LEAST_LIVING * patch.area]
    largest_thing = max((patch.area for patch in patches if patch.living < LEAST_LIVING * patch.area), default=0)
    return [patch for patch in lively if patch.living >= LEAST_LIVING * largest_thing]


def _near(somebody: list[_Patch]) -> list[_Patch]:
    """All who are about as near as the largest one: a group side by side is not taller for being wide."""
    largest = max(somebody, key=lambda patch: patch.area)
    height = np.ptp(np.flatnonzero(largest.mask.any(axis=1))) + 1
    return [patch for patch in somebody if patch.length >= LEAST_HEIGHT * height]


def _equals(things: list[_Patch], wanted: np.ndarray) -> list[_Patch]:
    """The thing that the picture is about, and those beside it of about its size."""
    sizes = [float((wanted * _middle(wanted.shape))[thing.mask].sum()) for thing in things]
    return [thing for thing, size in zip(things, sizes, strict=True) if size >= LEAST_SIZE * max(sizes)]


def _middle(shape: tuple[int, int]) -> np.ndarray:
    """1 in the middle of the picture, a half at its sides, a quarter in its corners."""
    y, x = (1 - 0.5 * np.linspace(-1, 1, size, dtype=np.float32) ** 2 for size in shape)
    return np.outer(y, x)


def _with_torn_parts(kept: list[_Patch], patches: list[_Patch]) -> list[_Patch]:
    """Add small patches next to those kept: a foot beyond the fence, a hat that the network lost the neck of."""
    cv2 = opencv()
    away = cv2.distanceTransform((~np.any([patch.mask for patch in kept], axis=0)).astype(np.uint8), cv2.DIST_L2, 3)
    largest = max(patch.area for patch in kept)
    known = {id(patch) for patch in kept}
    torn = [
        patch
        for patch in patches
        if id(patch) not in known and away[patch.mask].min() <= TORN_GAP and patch.area <= MOST_HELD * largest
    ]
    return kept + torn


def _things_behind(shares: np.ndarray, classes: Classes, mask: np.ndarray, living: np.ndarray) -> np.ndarray:
    """Large things that touch somebody but stand on other ground: the bus behind them."""
    things = shares[..., classes.things].sum(axis=2)
    somebody = mask & (living >= things)
    behind = np.zeros_like(mask)
    if not somebody.any():
        return behind
    rows = np.flatnonzero(somebody.any(axis=1))
    highest_ground = rows[-1] - SAME_GROUND * (np.ptp(rows) + 1)
    for thing in _patches(mask & (things > living), somebody):
        is_large = thing.area > MOST_HELD * np.count_nonzero(somebody)
        if is_large and np.flatnonzero(thing.mask.any(axis=1))[-1] < highest_ground:
            behind |= thing.mask
    return behind


def _nearer_to(mask: np.ndarray, others: np.ndarray) -> np.ndarray:
    """1 where a place is nearer to the mask than to the others: their soft borders go with them."""
    if not others.any() or not mask.any():
        return np.ones(mask.shape, np.float32)
    cv2 = opencv()
    to_mask, to_others = (cv2.distanceTransform((~m).astype(np.uint8), cv2.DIST_L2, 5) for m in (mask, others))
    return (to_mask <= to_others).astype(np.float32)


def _kind(shares: np.ndarray, classes: Classes, is_somebody: bool) -> str:
    if not is_somebody:
        return "object"
    return "person" if shares[:, classes.people].sum() >= shares[:, classes.animals].sum() else "animal"


def _names(shares: np.ndarray, classes: Classes) -> tuple[str, ...]:
    """Classes of at least a tenth of the subject, the largest first; the largest even if it is less."""
    sizes = {classes.names[number]: float(shares[:, number].mean()) for number in classes.wanted}
    ranked = sorted(sizes, key=sizes.get, reverse=True)
    return tuple(ranked[:1] + [name for name in ranked[1:] if sizes[name] >= 0.1])
