"""Measure a grey card in a raw frame: the surest way to tell a light, whatever lamp it comes from.

The card fills the middle of the frame. What cannot be measured is refused by name: a balance kept from a bad card would
spoil every photo after it. Lens shading is undone by the tables of the light that is found, in a few rounds.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from isp.errors import FrameError
from isp.frames import RawFrame
from isp.grey_curve import dense_curve, temperature_of, with_curve
from isp.light import TYPICAL_DAYLIGHT
from isp.light_statistics import RENDERED_FOR_K, lens_gains
from isp.statistics import Zones, measure
from isp.tuning import Tuning

# The middle of the frame, this share of its width and height, is to be card.
MIDDLE = 0.25
# Places of the card that are compared with one another, each way: noise is gone from the mean of one.
PLACES = 8
SHADING_ROUNDS = 3
# Share of saturation; darker, a card reads noise and stray light.
DARKEST_CARD = 0.02
# Share of its pixels. Of what shines, the unblown rest is no mean.
MOST_BLOWN = 0.01
# Standard deviation of its places: of their brightness against the mean, a card in slanting light has 0.1, one that
# fills half the place 0.5; of their log colour, a card has 0.01, a printed page 0.1.
MOST_UNEVEN, MOST_PATCHED = 0.25, 0.05
# Log colour away from all daylights and lamps on the sensor's curve: tubes and growing lamps in use are nearer, painted
# walls farther. Where there is no curve, away from daylight on a typical sensor; lamps and infrared are nearer.
FARTHEST_FROM_CURVE, FARTHEST_FROM_TYPICAL = 0.35, 1.2
HOW = "Fill the middle of the picture with a grey or white card, in the light of the scene, and take it again."


def measure_grey(frame: RawFrame, tuning: Tuning | None, share: float = MIDDLE) -> tuple[float, float]:
    """(red/green, blue/green) that the sensor reads of the card in the middle of the frame, lens shading undone.

    share  of the frame's width and height that is card: above 0, and 1 is the whole frame
    Raises FrameError for a card that is blown, dark, uneven, in patches, or of a colour that no light has.
    """
    if not 0 < share <= 1:
        raise FrameError(f"The card's share of the frame is {share}; it must lie above 0, and 1 is the whole frame.")
    known = with_curve(tuning)
    card = _middle(frame, share)
    zones = measure(card, PLACES, PLACES)
    _refuse_blown_or_dark(zones)
    places, light_k = zones.means, RENDERED_FOR_K
    for _ in range(0 if known is None else SHADING_ROUNDS):
        places = zones.means * lens_gains(known.shading_at(light_k), card.shot, zones.means.shape[:2])
        light_k = temperature_of(_grey_of(places), known)
    _refuse_uneven(places)
    grey = _grey_of(places)
    _refuse_coloured(grey, known)
    return grey


def _middle(frame: RawFrame, share: float) -> RawFrame:
    """The middle of the frame as a frame of its own. It begins at an even place: the Bayer order stays."""
    (top, rows), (left, columns) = (_inside(size, share) for size in frame.pixels.shape)
    height, width = frame.pixels.shape
    from_left, from_top, wide, high = frame.shot.field_of_view
    window = (from_left + wide * (1 - columns / width) / 2, from_top + high * (1 - rows / height) / 2)
    seen = (*window, wide * columns / width, high * rows / height)
    pixels = np.ascontiguousarray(frame.pixels[top : top + rows, left : left + columns])
    return RawFrame(pixels, dataclasses.replace(frame.shot, field_of_view=seen))


def _inside(size: int, share: float) -> tuple[int, int]:
    """Where the middle share of so many rows or columns begins, and how many they are: whole quads."""
    places = 2 * PLACES if size * share >= 2 * PLACES else 2
    length = max(int(size * share) // places * places, 2)
    return (size - length) // 4 * 2, length


def _grey_of(places: np.ndarray) -> tuple[float, float]:
    red, green, blue = places.reshape(-1, 3).mean(axis=0)
    return float(red / green), float(blue / green)


def _refuse_blown_or_dark(zones: Zones) -> None:
    blown = 1.0 - float(zones.used.mean())
    if blown > MOST_BLOWN:
        raise FrameError(f"The grey card is blown: {100 * blown:.0f} % of it is clipped. Expose it shorter. {HOW}")
    darkest = float(zones.means.reshape(-1, 3).mean(axis=0).max())
    if not darkest >= DARKEST_CARD or not zones.means.min() > 0:
        raise FrameError(
            f"The grey card is too dark: it reads {100 * max(darkest, 0.0):.1f} % of white, and must read "
            f"{100 * DARKEST_CARD:.0f} %. Expose it longer, or turn it to the light. {HOW}"
        )


def _refuse_uneven(places: np.ndarray) -> None:
    brightness = places.sum(axis=-1)
    uneven = float(brightness.std() / brightness.mean())
    if uneven > MOST_UNEVEN:
        raise FrameError(
            f"The grey card is lit unevenly, or does not fill the middle: its brightness differs by {100 * uneven:.0f} "
            f"%, and {100 * MOST_UNEVEN:.0f} % is the most. {HOW}"
        )
    colours = np.log(places[..., [0, 2]] / places[..., 1:2])
    patched = float(colours.std(axis=(0, 1)).max())
    if patched > MOST_PATCHED:
        raise FrameError(
            f"There is no one colour where the grey card should be: it differs by {100 * patched:.0f} %, and "
            f"{100 * MOST_PATCHED:.0f} % is the most. {HOW}"
        )


def _refuse_coloured(grey: tuple[float, float], tuning: Tuning | None) -> None:
    lights = np.log([TYPICAL_DAYLIGHT]) if tuning is None else dense_curve(tuning)[:, 1:]
    away = float(np.linalg.norm(np.log(grey) - lights, axis=1).min())
    farthest = FARTHEST_FROM_TYPICAL if tuning is None else FARTHEST_FROM_CURVE
    if away > farthest:
        raise FrameError(
            f"What should be a grey card is strongly coloured: no light makes grey look red/green {grey[0]:.2f}, "
            f"blue/green {grey[1]:.2f} to this sensor. {HOW}"
        )
