"""What aligning and merging a burst asks of its kernels, written down for `replay_burst.hpp`.

Each call is made on this machine's own extension, and stands for itself: what goes in is stored before, and what this
machine made of it is what every other has to make.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from isp import kernels
from isp.burst.align import align_levels
from isp.burst.hand import Hand
from isp.burst.merging import DEFAULT_LIMITS, Limits, Rung, merge_numbers
from isp.burst.places import places_of
from isp.burst.pyramid import FACTORS, Pyramid, pyramid_of
from isp.burst.tile_field import Expected, noise_of_tile
from isp.frames import Noise, RawFrame

# Limits that half of all tiles exceed.
STRICT = Limits(*(0.9 * limit for limit in dataclasses.astuple(DEFAULT_LIMITS)))
FURTHEST_PX = 65536.0


def written(argument) -> str:
    """A number or numbers, as arguments.hpp reads them."""
    numbers = np.asarray(argument)
    values = (repr(float(number)) for number in numbers.ravel())
    return " ".join([str(numbers.ndim), *map(str, numbers.shape), *values])


class BurstCalls:
    """Makes calls and writes them down."""

    arrays = "array"  # what their files are called

    def __init__(self, folder: Path, threads: int):
        self.lines: list[str] = []
        self.wanted: dict[str, tuple[str, np.ndarray]] = {}  # name -> (file that will be made, what is to be in it)
        self._folder, self._threads, self._files = folder, threads, 0

    def stored(self, array: np.ndarray) -> tuple[str, str]:
        """The file that holds an array now, and how a line says so."""
        self._files += 1
        name = f"{self.arrays}{self._files}"
        array.tofile(self._folder / name)
        return f"{name}.made", " ".join(map(str, [array.ndim, *array.shape, self._folder / name]))

    def tell(self, kernel: str, *arguments) -> None:
        """A line that makes nothing."""
        told = [self.stored(it)[1] if isinstance(it, np.ndarray) else written(it) for it in arguments]
        self.lines.append(" ".join(["burst", kernel, *told]))

    def __call__(self, name: str, kernel: str, *arguments, into=(), on=kernels) -> None:
        """Call a kernel, of the module or of `on`, which writes `into` the last arrays."""
        told = [self.stored(it)[1] if isinstance(it, np.ndarray) else written(it) for it in arguments]
        made = [self.stored(array) for array in into]
        getattr(on, kernel)(*arguments, *into, self._threads)
        self.lines.append(" ".join(["burst", kernel, *told, *(line for _, line in made), written(self._threads)]))
        self.await_files(f"{name}: {kernel}", [file for file, _ in made], into)

    def slope_energy(self, name: str, grey: np.ndarray) -> None:
        """The one kernel that gives back a number."""
        sums = np.zeros(1, np.int64)
        file, line = self.stored(sums)
        sums[0] = kernels.slope_energy(grey, self._threads)
        self.lines.append(" ".join(["burst slope_energy", self.stored(grey)[1], line, written(self._threads)]))
        self.await_files(f"{name}: slope_energy", [file], [sums])

    def await_files(self, name: str, files: list[str], arrays) -> None:
        """What the files must hold."""
        for number, (file, array) in enumerate(zip(files, arrays, strict=True)):
            self.wanted[f"{name} {number} ({len(self.wanted)})"] = file, array.copy()


def burst_calls(frames: dict[str, tuple[RawFrame, RawFrame]], folder: Path, threads: int) -> BurstCalls:
    """All kernels, for each pair of frames of one size and exposure."""
    calls = BurstCalls(folder, threads)
    for name, (reference, frame) in frames.items():
        _grey(calls, name, reference)
        pyramids = pyramid_of(reference), pyramid_of(frame)
        _align(calls, name, *pyramids)
        _refine(calls, name, reference, frame)
        for rung in Rung:
            _merge(calls, f"{name}, {rung.value}", reference, frame, rung)
    return calls


def _grey(calls: BurstCalls, name: str, frame: RawFrame) -> None:
    rng = np.random.default_rng(1)
    # Steeper than any curve of a sensor, and shorter than the counts of a blown quad.
    codes = np.sort(rng.integers(0, 256, 700)).astype(np.uint8)
    height, width = (length // 2 for length in frame.pixels.shape)
    grey = np.empty((height, width), np.uint8)
    calls(name, "grey_of_quads", np.ascontiguousarray(frame.pixels), codes, 2, into=[grey])
    calls.slope_energy(name, grey)
    calls(name, "soften_grey", grey, into=[np.empty_like(grey)])
    for factor in (2, 4):
        if min(height, width) >= factor:
            calls(name, "shrink_grey", grey, factor, into=[np.empty((height // factor, width // factor), np.uint8)])


def _align(calls: BurstCalls, name: str, reference: Pyramid, frame: Pyramid) -> None:
    for level in range(len(reference.levels)):
        height, width = reference.levels[level].shape
        expected = Expected(np.zeros((2, 1, 1)), 1, Hand((0.0, 0.0), 0.0, (height / 2, width / 2)))
        if level + 1 < len(reference.levels):
            coarser = align_levels(reference, frame, level + 1, 1)
            expected = Expected(coarser.strays, FACTORS[level], coarser.hand.enlarged(FACTORS[level]))
        for power in (1, 2):
            _level(calls, f"{name}, level {level}, power {power}", reference, frame, level, expected, power)
        # Some tiles leave the picture, some by far.
        wild = np.random.default_rng(level).uniform(-9, 9, (2, 3, 2))
        wild[:, 2] *= 100
        turned = Hand((-3.3, 4.9), 0.1, (height / 2, width / 2))
        _level(calls, f"{name}, level {level}, wild", reference, frame, level, Expected(wild, 4, turned), 2)


def _level(calls, name, reference: Pyramid, frame: Pyramid, level: int, expected: Expected, power: int) -> None:
    greys = reference.levels[level], frame.levels[level]
    places = places_of(reference.frame_shape) if level == 0 else tuple(-(-side // 8) + 1 for side in greys[0].shape)
    vectors, windows, agreed = (np.zeros((*places, 2), np.int16) for _ in range(3))
    calls(name, "match_tiles", *greys, *expected.numbers, (power, 2, 40, 5, 900), into=[vectors, windows])
    calls(name, "agree_with_neighbours", *greys, 9, 4, vectors, windows, into=[agreed])
    seen, trust = np.zeros((2, *places)), np.zeros((3, *places))
    found = [seen, trust, np.zeros(places, np.uint8), np.zeros(places, np.uint8)]
    noise = noise_of_tile(reference.noise[level], reference.black)
    calls(name, "observe_tiles", *greys, agreed, windows, expected.hand.numbers, noise, into=found)
    hand = Hand((0.3, -1.7), 0.003, expected.hand.middle_px).numbers
    settled = [np.zeros_like(seen)]
    calls(name, "settle_tiles", seen, trust, windows, *expected.numbers, hand, (0.05, 0.35, 1.0), 3, into=settled)


def _refine(calls: BurstCalls, name: str, reference: RawFrame, frame: RawFrame) -> None:
    shape, places = reference.pixels.shape, places_of(reference.pixels.shape)
    greys = [np.empty(shape, np.uint16) for _ in range(2)]
    black, span = reference.shot.black_dn[0], reference.shot.white_dn - reference.shot.black_dn[0]
    for grey, pixels in zip(greys, (reference.pixels, frame.pixels), strict=True):
        curve = black, 3e-4 / span, 2e-6, 4e5, 200.0
        calls(name, "fine_grey", np.ascontiguousarray(pixels), (1.7, 1.0, 1.0, 0.6), curve, into=[grey])
    rng = np.random.default_rng(3)
    model = np.full((*places, 2), (0.3, -1.6))
    near, wild = (model + rng.uniform(-reach, reach, model.shape) for reach in (0.3, 40.0))
    for vectors in (near, wild):
        calls(name, "fine_tiles", *greys, vectors, model, 0.75, into=[np.empty((*places, kernels.FINE_SUMS))])


def _merge(calls: BurstCalls, name: str, reference: RawFrame, frame: RawFrame, rung: Rung) -> None:
    shape, places = reference.pixels.shape, places_of(reference.pixels.shape)
    rng = np.random.default_rng(2)
    gathered = [np.zeros(shape, np.float32), np.zeros(places, np.float32)]
    gathered += [
        np.zeros((*places, kernels.MERGE_BANDS, kernels.MERGE_BANDS), np.float32),
        np.zeros(places, np.float32),
    ]
    numbers = merge_numbers(reference.shot, rung, STRICT)
    facts = kernels.MergeFacts(**numbers)
    calls.tell("merge_facts", *(np.asarray(value).tolist() for value in numbers.values()))
    bad = np.stack([rng.integers(0, length, 1 + shape[0] * shape[1] // 200) for length in shape], axis=1)
    bad = np.unique(np.vstack([bad, [[0, 0], [shape[0] - 1, shape[1] - 1]]]), axis=0).astype(np.int32)
    facts.bad_pixels(bad, *shape)
    calls.tell("bad_pixels", bad, *shape)
    pixels = [np.ascontiguousarray(one.pixels) for one in (reference, frame)]
    whole, small = np.full((*places, 2), 2.0), rng.uniform(-3, 3, (*places, 2))
    far = np.where(rng.random((*places, 2)) < 0.5, rng.choice([-FURTHEST_PX, FURTHEST_PX, 0.0625], (*places, 2)), small)
    for moved in (whole, small, far):
        share = np.zeros(places, np.float32)
        calls(name, "add_frame", *pixels, moved.astype(np.float32), into=[*gathered, share], on=facts)
    factor = int(65535 // reference.shot.white_dn)
    calls(name, "write_merged", pixels[0], *gathered, factor, into=[np.zeros(shape, np.uint16)], on=facts)


def noisier(frame: RawFrame, seed: int) -> RawFrame:
    """The frame with other black levels in each place, and counts of another moment."""
    rng = np.random.default_rng(seed)
    black = frame.shot.black_dn[0]
    shot = dataclasses.replace(
        frame.shot, black_dn=(black, black + 1.0, black + 2.5, black - 1.0), noise=Noise(0.002, 3e-5)
    )
    counts = frame.pixels + rng.normal(0, 6, frame.pixels.shape)
    return RawFrame(np.clip(np.rint(counts), 0, shot.white_dn).astype(np.uint16), shot)
