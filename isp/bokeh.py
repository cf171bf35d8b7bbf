"""The blur of a fast lens, in linear light: what is out of focus becomes the disc of the aperture, lights included.

Runs on the whole picture, between colour and tone. What the photo is of and how far the rest lies behind it comes as a
`Defocus`, or as a mask from which the facts below are read once for each photo. Mask, facts and the raw frame give the
same bytes again.

The picture is scattered in layers of depth (Wadhwa et al. 2018, "Synthetic depth-of-field with a single-camera mobile
phone", section 5), the nearer over the farther. A layer holds light times share and the share, blurred alike, so that
nothing of the subject is in what lies behind it (normalised convolution, Knutsson and Westin 1993). Where the subject
has part of a pixel, as with hair, its colour and that behind it are those whose mixtures come nearest to the pixels
around (a local fit, in two sizes), and the rest that no fit explains is divided as Forte 2021 does ("Approximate fast
foreground colour estimation").

We depart in small lights: they are taken out, and their discs drawn one by one on the full picture. A blown one is
taken for brighter than it was measured, by its size: a small one in the dark up to `highlights_ev`, a sky by nothing;
it gets the colour of its rim.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.bokeh_layers import SHARP_PX, in_focus_share, layers_up_to
from isp.defocus import Defocus
from isp.errors import FrameError, PipelineError
from isp.frames import LinearImage, Shot
from isp.grain import colour_mixture, grain_of_photo, grain_over_picture
from isp.ground import ground_of, radius_of_rows
from isp.highlights import Highlights
from isp.kernels import BokehFacts, Chain
from isp.knobs import knob
from isp.sharpen import lens_noise_over_array
from isp.stage import Stage, fact
from isp.virtual_lens import focus_distance, largest_radius_px

if TYPE_CHECKING:
    from isp.plan import Scene

# Smaller discs come out right in the smooth part, where pixels are not yet joined.
LIGHTS_FROM_PX = 6.0
# A light is small that is lost in 3 x 3 cells; this many cells make the width, so that one has 32 pixels of 4056.
CELLS_ACROSS = 127
SMALLEST_CELL_PX = 8
# More lights, as on water in the sun, make one glitter anyway.
MOST_LIGHTS = 200_000
# What stands where nobody knows the noise; no grain is drawn then.
NO_NOISE, WHITE_GRAIN = ((0.0, 0.0),) * 3, (1.0, 0.0, 0.0, 0.0)
# What `largest_px` allows; a larger disc than the picture is no picture.
LARGEST_RADIUS_PX = 2000.0


@dataclass(frozen=True)
class Bokeh(Stage):
    """Draw what is not the subject as a lens of this opening would."""

    f_number: float = knob(2.0, 0.95, 22.0, "opening of the lens that is drawn: 1.4 blurs more, 8 hardly")
    lens_mm: float = knob(50.0, 20.0, 200.0, "its focal length on full frame (36 mm wide); longer blurs more")
    distance_m: float | None = knob(
        None, 0.1, 100.0, "how far the subject is; unset: where the lens was focused, or 1.5 where it cannot move"
    )
    blades: int = knob(0, choices=(0, 5, 6, 7, 8, 9), meaning="of the aperture: 0 is round")
    cat_eye: float = knob(0.0, 0.0, 1.0, "how much the barrel cuts discs towards the corners, as fast lenses do")
    highlights_ev: float = knob(
        2.0, 0.0, 4.0, "a blown light was at most so much brighter than was measured; 0 believes it"
    )
    grain: float = knob(1.0, 0.0, 1.0, "how much of the photo's own grain the blurred part gets back")
    largest_px: float | None = fact(
        "radius of the disc of a point at infinity, in pixels of this picture", (), 0.0, 2000.0
    )
    noise: tuple | None = fact("shot and read noise of the linear picture's three colours, (3, 2)", (3, 2), 0.0, 1e6)
    grain_spread: tuple | None = fact("of one grain over neighbouring pixels, middle first", (4,), -10.0, 10.0)
    grain_alike: float | None = fact("correlation of the three colours' grain", (), 0.0, 1.0)
    lens_noise: tuple | None = fact(
        "(rows, columns) times as much noise there over the whole pixel array, from shading", (None, None), 1e-3, 1e3
    )
    white: float | None = fact("the light of a wholly blown pixel; 1 is where the first colour clips", (), 0.01, 1e6)
    ground: tuple | None = fact(
        "where sharpness ends before, begins behind the subject, and where the ground ends: shares of the height",
        (3,),
        -10.0,
        10.0,
    )

    takes = LinearImage
    makes = LinearImage
    together = ("noise", "grain_spread", "grain_alike")

    def plan(self, scene: Scene) -> Self:
        """Work out how large the lens draws infinity, how bright blown light is, and how the photo's grain looks."""
        planned = self
        if self.largest_px is None and scene.frame is not None:
            width, share = scene.frame.pixels.shape[1], scene.shot.field_of_view[2]
            distance = focus_distance(scene.shot.lens_position, self.distance_m).distance_m
            largest = largest_radius_px(self.f_number, self.lens_mm, distance, width, share)
            planned = dataclasses.replace(planned, largest_px=round(largest, 3))
        if self.white is None:
            highlights = scene.planned(Highlights)
            planned = dataclasses.replace(planned, white=round(highlights.white(), 6) if highlights else 1.0)
        grain = None if self.noise is not None else grain_of_photo(scene)
        if grain is None:
            return planned
        return dataclasses.replace(planned, **dataclasses.asdict(grain), lens_noise=lens_noise_over_array(scene))

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """Refuse: a blur needs more than the rows around, and a picture alone does not say what is far."""
        raise FrameError(
            "Bokeh needs to know how far each place is out of focus. Call render(picture, defocus) with a Defocus."
        )

    def with_subject(self, mask: np.ndarray) -> Self:
        """This stage knowing where the mask's subject stands; a stored recipe that knows already stays as it is.

        mask  (H, W) uint8, 255 is wholly subject. Raises FrameError for a mask of nothing.
        """
        return self if self.ground is not None else dataclasses.replace(self, ground=ground_of(mask))

    def defocus(self, mask: np.ndarray) -> Defocus:
        """How far one lens and the ground say that each place is out of focus; the mask's subject is sharp.

        Raises PipelineError before `plan` and `with_subject` have told this stage its facts.
        """
        if self.largest_px is None or self.ground is None:
            raise PipelineError("This blur knows no lens or no ground yet; plan it and give it the subject's mask.")
        return Defocus(radius_of_rows(self.ground, self.largest_px), mask)

    def render(
        self, picture: LinearImage, defocus: Defocus, threads: int = 0, into: np.ndarray | None = None
    ) -> LinearImage:
        """The picture as this lens would have drawn it; where nothing is out of focus, the picture itself.

        defocus  its radii are used as they are, whatever the knobs of the lens say
        threads  0 takes all processors; any number gives the same bytes
        into     memory to draw into, of the picture's shape and type; None takes new one. The picture's own pixels
                 save 12 bytes a pixel: they are drawn over, and whoever else holds them sees that
        Raises FrameError for another type, and for a mask or memory of another size than the picture.
        """
        if not isinstance(picture, LinearImage):
            raise FrameError(f"Bokeh takes a LinearImage, not {type(picture).__name__}.")
        if not isinstance(defocus, Defocus):
            raise FrameError(f"How far places are out of focus is a Defocus, not {type(defocus).__name__}.")
        height, width = picture.pixels.shape[:2]
        subject = defocus.subject
        if subject is not None and subject.shape != (height, width):
            raise FrameError(
                f"The mask is {subject.shape[1]} x {subject.shape[0]} pixels, the picture {width} x {height}; "
                "they must have one size."
            )
        radius = defocus.radius_px
        behind, before = max(float(radius.max()), 0.0), max(-float(radius.min()), 0.0)
        if max(behind, before) > LARGEST_RADIUS_PX:
            raise FrameError(f"A blur of {max(behind, before):g} px is too large; {LARGEST_RADIUS_PX:g} is the most.")
        if max(behind, before) <= SHARP_PX:
            return picture
        facts = self.facts(picture.shot, width, behind, before)
        pixels = np.empty_like(picture.pixels, order="C") if into is None else checked_memory(into, picture.pixels)
        mask = np.zeros((0, 0), np.uint8) if subject is None else np.ascontiguousarray(subject)
        light, places = np.ascontiguousarray(picture.pixels), np.ascontiguousarray(radius)
        grain = grain_over_picture(self.lens_noise, picture.shot, picture.frames_behind)
        facts.draw(light, mask, places, grain, pixels, threads)
        return LinearImage(pixels, picture.shot, picture.frames_behind)

    def facts(
        self, shot: Shot, width: int, behind: float, before: float, kernel: Callable[..., BokehFacts] = BokehFacts
    ) -> BokehFacts:
        """All that the kernel must know of the lens, where these are the largest radii on both sides of the focus."""
        own, other = colour_mixture(self.grain_alike or 0.0)
        facts = kernel(
            lights=(self.white or 1.0, 2.0**self.highlights_ev, LIGHTS_FROM_PX),
            cells=(max(SMALLEST_CELL_PX, round(width / CELLS_ACROSS)), MOST_LIGHTS),
            sides=sides_of(self.blades),
            cat_eye=self.cat_eye,
            in_focus=in_focus_share(behind, before),
            grain=(0.0 if self.noise is None else self.grain, own, other),
            noise=np.asarray(self.noise or NO_NOISE).tolist(),
            spread=self.grain_spread or WHITE_GRAIN,
            # The same photo gets the same grain, the next one another.
            seed=shot.timestamp_ns % 2**32,
        )
        for sign, largest in ((1, behind), (-1, before)):
            for layer in layers_up_to(largest, sign):
                facts.layer(layer.radius, layer.reduction, layer.reduced, layer.share)
        return facts


def checked_memory(into: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Memory that these pixels fit into. Raises FrameError for any other."""
    fits = isinstance(into, np.ndarray) and into.shape == pixels.shape and into.dtype == pixels.dtype
    if not (fits and into.flags.c_contiguous and into.flags.writeable):
        raise FrameError(f"What is drawn into must be a writeable float32 array {pixels.shape}, its rows in turn.")
    if into is not pixels and np.may_share_memory(into, pixels) and into.ctypes.data != pixels.ctypes.data:
        raise FrameError("What is drawn into shares a part of the picture's memory; it may be all of it, or none.")
    return into


def sides_of(blades: int) -> list[tuple[float, float, float]]:
    """(ny, nx, distance) of a regular polygon's sides with the area of a disc of radius 1; none for 0 blades."""
    if blades == 0:
        return []
    distance = math.sqrt(math.pi / (blades * math.tan(math.pi / blades)))
    turns = [2 * math.pi * (side + 0.5) / blades for side in range(blades)]
    # Rounded, so that no processor's sine shows.
    return [(round(math.cos(turn), 6), round(math.sin(turn), 6), round(distance, 6)) for turn in turns]
