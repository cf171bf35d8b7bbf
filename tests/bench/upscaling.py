"""The learned upscaler beside classical enlargements and published networks: nearness and CPU time; part of `zoom.py`.

Kodak's pictures taught it; how near it comes to those that it had not seen stands in its CARD.md. Published: FSRCNN and
FSRCNN-small (Dong et al. 2016, trained by Saafke) and ESPCN (Shi et al. 2016, trained by fannymonori), read by OpenCV.
Their files are only run; luma by the network, as their authors measured it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from bars import Bar, print_bars, run_alone
from measures.printed import new_words, prose_page, wrongly_read
from measures.reading import can_read, words_read
from measures.shared_folder import SHARED
from measures.upscaled import KODAK, SETS, WHITE, as_grey_photo, halved, in_8_bits
from measures.zoom_scenes import fine_points

from accelerators.errors import AcceleratorError
from accelerators.upscaling.upscaler import Upscaler, opened_upscaler
from isp.tone import encode_srgb
from isp.zoom.projection import difference_rms
from isp.zoom.resample import resampled
from isp.zoom.taps import Filter

Enlarge = Callable[[np.ndarray], np.ndarray]
PUBLISHED = ("FSRCNN", "FSRCNN-small", "ESPCN")
LEAST_DB = {"Kodak 24": 31.6, "Set5": 36.6}
MOST_CPU_S, MOST_RMS = 8.0, 1.0
PHOTO_SHAPE = (1520, 2028)
ROUNDS = 3
PRINT_PX, READABLE_PX = (12, 14, 16, 18, 20, 24), 18


@contextmanager
def upscaler() -> Iterator[Upscaler | None]:
    """The product's own, on the CPU with one thread; None, with a line that says why, where it cannot run."""
    try:
        with opened_upscaler(device="cpu", threads=1) as ours:
            yield ours
    except AcceleratorError as error:
        print(f"\nno learned upscaler: {error}")
        yield None


@cache
def published() -> dict[str, Enlarge]:
    """(H, W) uint8 luma to (2H, 2W) uint8, by networks whose files are at hand.

    Their authors taught them pictures that OpenCV had reduced, with aliases; so reduced Set5 gives them 0.8 to 1.1 dB
    more than here.
    """
    import cv2

    cv2.setNumThreads(1)
    cv2.dnn_registerLayer("DepthToSpace", Shuffle)  # OpenCV does not read the size of its blocks from these files
    found = {}
    for name in PUBLISHED:
        file = SHARED / "models" / "superres" / f"{name}_x2.pb"
        if not file.is_file():
            print(f"{name}: {file} is not there, so it is left out; name the shared folder in NIGHTJAR_SHARED")
            continue
        network = cv2.dnn.readNetFromTensorflow(str(file))
        found[name] = lambda luma, network=network: _answered(network, luma)
    return found


class Shuffle:
    """Four channels to 2 x 2 pixels, for OpenCV."""

    def __init__(self, parameters: dict, blobs: list) -> None:
        """What the file says of it is not needed."""

    def getMemoryShapes(self, inputs: list) -> list:
        """(1, 4, H, W) becomes (1, 1, 2H, 2W)."""
        count, channels, height, width = inputs[0]
        return [[count, channels // 4, 2 * height, 2 * width]]

    def forward(self, inputs: list) -> list:
        """See above."""
        (channels, height, width) = inputs[0].shape[1:]
        blocks = inputs[0].reshape(1, 2, 2, channels // 4, height, width).transpose(0, 3, 4, 1, 5, 2)
        return [np.ascontiguousarray(blocks.reshape(1, channels // 4, 2 * height, 2 * width))]


def _answered(network: object, luma: np.ndarray) -> np.ndarray:
    network.setInput(np.float32(luma / WHITE)[None, None])
    return in_8_bits(WHITE * network.forward()[0, 0])


def ways_of(ours: Upscaler | None, classical: dict[str, Enlarge]) -> dict[str, Enlarge]:
    """All that enlarge luma, by name."""
    ways = {name: lambda luma, enlarge=enlarge: enlarge(luma) for name, enlarge in classical.items()}
    if ours:
        ways["learned (ours, int8)"] = lambda luma: ours.upscaled(as_grey_photo(luma))[..., 0]
    return ways | published()


def nearness_bars(ours: Upscaler | None, ways: dict[str, Enlarge]) -> list[Bar]:
    """PSNR of luma on the sets at hand."""
    sets = {each.name: (each, each.pairs()) for each in SETS if each.files()}
    if not sets:
        print(f"\nno photographs: {SHARED / 'data' / KODAK.folder} is not there; name the folder in NIGHTJAR_SHARED")
        return []
    print(f"\nupscaling: PSNR of luma in dB{'':12}" + "".join(f"{name:>10}" for name in sets))
    bars = {}
    for name, draw in ways.items():
        decibels = {title: each.mean_decibels(draw, pairs) for title, (each, pairs) in sets.items()}
        print(f"  {name:38}" + "".join(f"{value:10.2f}" for value in decibels.values()))
        if name.startswith("learned"):
            bars = decibels
    if ours is None:
        return []
    rms = {
        pair.name: difference_rms(
            ours.upscaled(as_grey_photo(pair.half))[..., :1].astype(np.float32), pair.half[..., None]
        )
        for _, pairs in sets.values()
        for pair in pairs
    }
    near = [
        Bar(f"learned, {name}: PSNR of luma", "dB", {name: bars[name]}, least=least)
        for name, least in LEAST_DB.items()
        if name in bars
    ]
    return [*near, Bar("learned: reduced again, away from what was given", "levels", rms, most=MOST_RMS)]


def print_rows(ours: Upscaler | None) -> list[Bar]:
    """Words of print, the smaller the harder: what a machine reads of each enlargement."""
    if ours is None or not can_read():
        print("\nprint is not read: that takes the upscaler and tesseract (apt install tesseract-ocr)")
        return []
    print("\nprint, reduced and enlarged again: words read wrongly; words that neither stand there nor bicubic shows")
    new = {}
    for size_px in PRINT_PX:
        page, words = prose_page(size_px)
        half = halved("page", page).half
        bicubic, lanczos = (words_read(resampled(half, page.shape, kind)) for kind in (Filter.BICUBIC, Filter.LANCZOS))
        drawn = words_read(ours.upscaled(as_grey_photo(half))[..., 0])
        found = {"bicubic": bicubic, "Lanczos": lanczos, "learned": drawn}
        told = [
            f"{name} {wrongly_read(read, words)}, {len(new_words(read, [words, bicubic]))}"
            for name, read in found.items()
        ]
        print(f"  {size_px} px, {len(words)} words: " + "   ".join(told))
        if size_px >= READABLE_PX:
            new[f"{size_px} px"] = len(new_words(drawn, [words, bicubic, lanczos]))
    return [Bar(f"learned: print of {READABLE_PX} px and more, words that are new", "", new, most=0)]


def cost_bars(ours: Upscaler | None, classical: dict[str, Enlarge]) -> list[Bar]:
    """CPU seconds from 3 to 12 Mpix: whole photos, but of published networks luma alone."""
    light = fine_points("kodim05" if KODAK.files() else "texture", (PHOTO_SHAPE[0] // 2, PHOTO_SHAPE[1] // 2), 0)
    photo = in_8_bits(WHITE * encode_srgb(np.ascontiguousarray(light.transpose(1, 2, 0))))
    luma = np.ascontiguousarray(photo[..., 1])
    work = {name: lambda enlarge=enlarge: enlarge(photo) for name, enlarge in classical.items()}
    if ours:
        work["learned (ours, int8)"] = lambda: ours.upscaled(photo)
    work |= {f"{name}, luma alone": lambda draw=draw: draw(luma) for name, draw in published().items()}
    spent = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, each in work.items():
            start_s = time.process_time()
            each()
            spent[name].append(time.process_time() - start_s)
    cpu = {name: min(each) for name, each in spent.items()}
    print("\nupscaling: 3 to 12 Mpix, one thread, CPU s")
    for name, seconds in cpu.items():
        print(f"  {name:38}{seconds:10.2f}")
    learned = {name: seconds for name, seconds in cpu.items() if name.startswith("learned")}
    return [Bar("learned, 3 to 12 Mpix: CPU", "s", learned, most=MOST_CPU_S)] if learned else []


def print_upscaling(classical: dict[str, Enlarge]) -> dict[str, list[dict]]:
    """Print both tables; returns them."""
    found = {}
    with upscaler() as ours:
        bars = {
            "upscaling: nearness": nearness_bars(ours, ways_of(ours, classical)),
            "upscaling: print": print_rows(ours),
            "upscaling: cost": cost_bars(ours, classical),
        }
    for title, each in bars.items():
        print_bars(title, each)
        found[title] = [bar.to_dict() for bar in each]
    return found


if __name__ == "__main__":
    from zoom import enlargers

    run_alone(__doc__, lambda: print_upscaling(enlargers()))
