"""The matte against its bars and beside other ways from the same raw score; `python tests/bench/matte.py`.

Peers, all given DeepLab dm05's probability of the same picture and drawn at its full size: that score enlarged, a
guided filter on full-size luma, OpenCV's GrabCut, the random walker of scikit-image, and closed-form matting (Levin et
al. 2008) as published, solved by scipy. Those that know no network get its sure places as seeds. The last three
run at the size that the last two can afford.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import numpy as np
from bars import Bar, print_bars, run_alone
from measures import segmented
from measures.mattes import MatteQuality, judged, overlap_of
from measures.painted_subjects import upsampled

from accelerators.matte.matte import make_matte
from accelerators.opencv import opencv

ROUNDS = 3
TWELVE_MPIX = 12e6
SURE = 0.95
GRABCUT_ROUNDS = 4
# scikit-image's walker and a sparse solver take seconds a megapixel.
AFFORDABLE_PX = 400
Way = Callable[[np.ndarray, np.ndarray], np.ndarray]


def ours(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The product's own."""
    return make_matte(picture, probability).astype(np.float32) / 255


def raw_score(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Enlarged, bilinear."""
    return _enlarged_score(probability, picture.shape[:2])


def guided_filter(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """He et al. 2013 on full-size luma; the window is a cell of the network, eps 1e-4."""
    cv2, score = opencv(), raw_score(picture, probability)
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    side = 2 * (max(luma.shape) // 66) + 1

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.blur(plane, (side, side))

    light, level = mean(luma), mean(score)
    slope = (mean(luma * score) - light * level) / (mean(luma * luma) - light * light + 1e-4)
    return np.clip(mean(slope) * luma + mean(level - slope * light), 0, 1)


def grabcut(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """OpenCV's on the reduced picture, the network's sure places fixed."""
    cv2 = opencv()
    small, trimap = _small(picture), _trimap(picture, probability)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, trimap, None, *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return _full(np.float32(trimap & 1), picture)


def random_walker(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Grady 2006 by scikit-image, seeded by the network's sure places."""
    from skimage.segmentation import random_walker as walk

    trimap = _trimap(picture, probability)
    seeds = np.where(trimap == 1, 1, np.where(trimap == 0, 2, 0))
    chances = walk(_small(picture) / 255.0, seeds, beta=130, mode="cg_j", channel_axis=2, return_full_prob=True)
    return _full(chances[0].astype(np.float32), picture)


def closed_form(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Levin et al. 2008, 3 x 3 windows, eps 1e-7, the network's sure places as scribbles of weight 100."""
    from scipy import sparse
    from scipy.sparse.linalg import cg

    small, trimap = _small(picture) / 255.0, _trimap(picture, probability)
    laplacian = _matting_laplacian(small)
    known = np.where(trimap <= 1, 100.0, 0.0).ravel()
    system = laplacian + sparse.diags(known)
    alpha, _ = cg(system, known * (trimap == 1).ravel(), M=sparse.diags(1 / system.diagonal()), maxiter=400, rtol=1e-5)
    return _full(np.clip(alpha, 0, 1).reshape(trimap.shape).astype(np.float32), picture)


def _matting_laplacian(picture: np.ndarray) -> object:
    from scipy import sparse

    height, width = picture.shape[:2]
    numbers = np.arange(height * width).reshape(height, width)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, (3, 3)).reshape(-1, 9)
    colours = picture.reshape(-1, 3)[windows]
    apart = colours - colours.mean(axis=1, keepdims=True)
    spread = np.einsum("wni,wnj->wij", apart, apart) / 9 + 1e-7 / 9 * np.eye(3)
    alike = (1 + np.einsum("wni,wij,wmj->wnm", apart, np.linalg.inv(spread), apart)) / 9
    values = np.eye(9) - alike
    rows, columns = np.repeat(windows, 9, axis=1).ravel(), np.tile(windows, (1, 9)).ravel()
    return sparse.csr_matrix((values.ravel(), (rows, columns)), shape=(numbers.size, numbers.size))


WAYS: dict[str, Way] = {
    "nightjar": ours,
    "raw score": raw_score,
    "guided filter, luma": guided_filter,
    "grabCut": grabcut,
    "random walker": random_walker,
    "closed form": closed_form,
}


def _enlarged_score(probability: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    cv2 = opencv()
    rows = np.linspace(0, probability.shape[0] - 1, shape[0], dtype=np.float32)
    columns = np.linspace(0, probability.shape[1] - 1, shape[1], dtype=np.float32)
    return cv2.remap(probability, *np.meshgrid(columns, rows), cv2.INTER_LINEAR)


def _small(picture: np.ndarray) -> np.ndarray:
    scale = min(1.0, AFFORDABLE_PX / max(picture.shape))
    return opencv().resize(picture, None, fx=scale, fy=scale, interpolation=opencv().INTER_AREA)


def _trimap(picture: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """GrabCut's words: 0 surely not, 1 surely, 2 probably not, 3 probably; both sure ones occur."""
    score = upsampled(probability, _small(picture).shape[:2])
    sure = min(SURE, float(score.max()) * 0.99)
    return np.where(score >= sure, 1, np.where(score < 1 - SURE, 0, np.where(score > 0.5, 3, 2))).astype(np.uint8)


def _full(alpha: np.ndarray, picture: np.ndarray) -> np.ndarray:
    return opencv().resize(alpha, picture.shape[1::-1], interpolation=opencv().INTER_LINEAR)


def quality_of_ways() -> dict[str, list[MatteQuality]]:
    """Each way on each animal."""
    found: dict[str, list[MatteQuality]] = {name: [] for name in WAYS}
    for photo in segmented.animals():
        for name, way in WAYS.items():
            found[name].append(judged(way(photo.picture, photo.probability), photo.truth))
    print(f"\n{'animals':22}{'band error':>12}{'boundary F':>12}{'gradient':>12}{'IoU':>8}")
    for name, each in found.items():
        means = np.mean([dataclasses.astuple(quality) for quality in each], axis=0)
        print(f"{name:22}{means[0]:12.4f}{means[1]:12.3f}{means[2]:12.4f}{means[3]:8.3f}")
    return found


def bars_of(found: dict[str, list[MatteQuality]]) -> list[Bar]:
    """The bars, on the means that they are asked of."""

    def mean(way: str, measure: str) -> float:
        return float(np.mean([getattr(quality, measure) for quality in found[way]]))

    people = [
        [overlap_of(way(photo.picture, photo.probability), photo.truth) for way in (ours, raw_score)]
        for photo in segmented.people()
    ]
    with_matte, without = np.mean(people, axis=0)
    band = mean("nightjar", "band_error") / mean("raw score", "band_error")
    boundary = mean("nightjar", "boundary") / mean("raw score", "boundary")
    return [
        Bar("band error, share of the raw score's", "", {"animals": band}, most=0.65),
        Bar("boundary F-score, times the raw score's", "x", {"animals": boundary}, least=1.3),
        Bar("IoU", "", {"animals": mean("nightjar", "overlap")}, least=0.85),
        Bar("IoU", "", {f"people, raw score {without:.3f}": with_matte}, least=0.72),
    ]


def cost_of_ways() -> list[Bar]:
    """CPU of 12 Mpix, all threads; the median of interleaved rounds, two threads."""
    cv2 = opencv()
    cv2.setNumThreads(2)
    spent: dict[str, list[float]] = {name: [] for name in WAYS}
    photo = next(iter(segmented.animals()))
    scale = np.sqrt(TWELVE_MPIX / photo.truth.size)
    picture = cv2.resize(photo.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            start_s = time.process_time()
            way(picture, photo.probability)
            spent[name].append(time.process_time() - start_s)
    print(f"\n12 Mpix{'CPU ms':>20}")
    for name, each_s in spent.items():
        print(f"{name:22}{1000 * np.median(each_s):8.0f}")
    return [Bar("matte of 12 Mpix", "s CPU", {photo.name: float(np.median(spent["nightjar"]))}, most=1.0)]


def print_matte() -> list[dict]:
    """Print the table; returns it. Nothing where the files are not at hand."""
    if missing := segmented.missing():
        print(f"\nmatte: {missing}")
        return []
    bars = bars_of(quality_of_ways()) + cost_of_ways()
    print_bars("matte", bars)
    return [bar.to_dict() for bar in bars]


if __name__ == "__main__":
    run_alone(__doc__, print_matte)
