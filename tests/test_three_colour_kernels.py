"""Every pixel loop of pictures with three colours a pixel against its numpy twin, which is its specification."""

import dataclasses

import numpy as np
import pytest

from isp.frames import BAYER_ORDERS, NEUTRAL_SHOT
from isp.highlights import NEARLY_BLOWN, Highlights
from isp.statistics import CLIP_SHARE
from isp.zoom.black import black_of_colours
from isp.zoom.three_colours import ColourBalance, ColourHighlights, ColourLevels, ThreeColourFringes

SIZES = [(2, 2), (3, 2), (2, 5), (7, 9), (131, 77), (3, 3301)]
BLACK = (60.0, 61.0, 63.0, 62.0)


def shot(**facts):
    return dataclasses.replace(NEUTRAL_SHOT, **(dict(black_dn=BLACK, white_dn=1023.0) | facts))


def random_light(size, low=-0.1, high=2.6):
    return np.random.default_rng(size).uniform(low, high, (*size, 3)).astype(np.float32)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[1]}x{size[0]}")
class TestEveryLoopAgainstItsTwin:
    @pytest.mark.parametrize("bayer", BAYER_ORDERS)
    def test_levels(self, size, bayer):
        counts = np.random.default_rng(size).integers(0, 65536, (*size, 3)).astype(np.uint16)
        black = black_of_colours(shot(bayer=bayer))
        positions = {letter: [BLACK[i] for i in range(4) if bayer[i] == letter] for letter in "RGB"}
        assert black == tuple(np.mean(positions[letter]) for letter in "RGB")
        twin = (counts - np.array(black)) / (1023.0 - np.array(black))
        np.testing.assert_allclose(ColourLevels()(counts, shot(bayer=bayer)), twin, atol=1e-4, rtol=1e-5)

    def test_white_balance(self, size):
        light = random_light(size)
        made = ColourBalance(gains=(2.0, 1.0, 1.5))(light)
        np.testing.assert_array_equal(made, light * np.array([2.0, 1.0, 1.5], np.float32))

    @pytest.mark.parametrize("lens", [False, True])
    def test_highlights(self, size, lens):
        light, clip = random_light(size), (2.0, 1.0, 1.5)
        # One gain for each colour all over the array, so that the twin need not interpolate.
        of_lens = (1.3, 1.1, 0.9) if lens else (1.0, 1.0, 1.0)
        gains = tuple(((gain, gain), (gain, gain)) for gain in of_lens) if lens else None
        made = ColourHighlights(clip=clip, lens=gains)(light)
        np.testing.assert_allclose(made, highlights_twin(light.astype(float), clip, of_lens), atol=2e-5)
        plain = ColourHighlights(enabled=False, clip=clip)(light)
        np.testing.assert_array_equal(plain, np.minimum(light, 1))

    def test_colour_fringes(self, size):
        light = random_light(size)
        stage = ThreeColourFringes(red_scale=1.02, blue_scale=0.99, axis_px=(size[0] * 0.4, size[1] * 0.6))
        np.testing.assert_allclose(stage(light), fringes_twin(light.astype(float), stage), atol=1e-4)


def fringes_twin(light, stage):
    """Keys's cubic, a = -1/2: down, then across, each held to its four samples; mirrored at the edges."""
    made = light.copy()
    for colour, scale in ((0, stage.red_scale), (2, stage.blue_scale)):
        drawn = light[..., colour]
        for axis in (0, 1):
            line = np.arange(drawn.shape[axis])
            # In the kernel's precision: where a shift rounds to a whole pixel the four samples change.
            from_axis = line.astype(np.float32) - np.float32(stage.axis_px[axis])
            shift = np.clip(from_axis * np.float32(scale - 1), -3.5, 3.5)
            whole = np.floor(shift).astype(int)
            share = np.expand_dims((shift - whole).astype(float), 1 - axis)
            near = [np.take(drawn, mirrored(line + whole + tap, len(line)), axis) for tap in (-1, 0, 1, 2)]
            a, b, c, d = near
            bend, twist = a - 2.5 * b + 2 * c - 0.5 * d, 0.5 * (d - a) + 1.5 * (b - c)
            value = ((twist * share + bend) * share + 0.5 * (c - a)) * share + b
            drawn = np.clip(value, np.min(near, axis=0), np.max(near, axis=0))
        made[..., colour] = drawn
    return made


def mirrored(index, count):
    folded = np.abs(index) % (2 * (count - 1))
    return np.where(folded < count, folded, 2 * (count - 1) - folded)


def highlights_twin(light, clip, lens):
    """The rule of `tests/test_kernels.py`, whose three colours are here the pixel's own."""
    ramp = lambda x, low, high: (lambda t: t * t * (3 - 2 * t))(np.clip((x - low) / (high - low), 0, 1))  # noqa: E731
    shares, light = light / clip, light * lens
    blown = ramp(shares, NEARLY_BLOWN, CLIP_SHARE)
    rebuilt = light + blown * np.maximum((light.sum(-1, keepdims=True) - light) / 2 - light, 0)
    whitening = ramp(np.sort(shares)[..., 1:2], Highlights.whitening, CLIP_SHARE) * blown.max(-1, keepdims=True)
    return (rebuilt + whitening * (rebuilt.max(-1, keepdims=True) - rebuilt)) / lens
