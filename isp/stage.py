"""One step from raw to photo.

A stage is a frozen dataclass. Its knobs are what a person may turn. Its facts (from `fact()`) are what was measured
for one photo: white-balance gains, the colour matrix, shading gains. A stage made by hand has empty facts;
`plan` fills those in once, from the sensor's tuning and a small picture of the scene. Knobs and facts together are the
stage's line in the recipe: the same line on the same raw gives the same bytes.

The pixel loop of a stage lives in `isp/kernels` and works on rows. `add_to` puts it at the end of a chain of rows. A
stage called alone is a chain of one, so that both ways give the same numbers.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isp.errors import FrameError, KnobError
from isp.frames import NEUTRAL_SHOT, LinearFrame, LinearImage, Mosaic, Photo, RawFrame, Shot
from isp.knobs import Knobs

if TYPE_CHECKING:
    from isp.kernels import Chain
    from isp.plan import Scene

LONGEST_TEXT = 400  # a few sentences
Picture = RawFrame | LinearFrame | Mosaic | LinearImage | Photo


@dataclass(frozen=True)
class FactLimits:
    """What `fact()` remembers: a stored recipe can hold anything, the kernels cannot."""

    meaning: str
    shape: tuple[int | None, ...]
    low: float
    high: float

    def check(self, where: str, value: Any) -> None:
        """Raise KnobError unless the value is finite numbers of this shape and range; None is always right."""
        if value is None:
            return
        try:
            numbers = np.asarray(value)
        except ValueError:  # rows of different lengths
            numbers = np.asarray(None)
        fits = numbers.ndim == len(self.shape) and all(
            have == wanted if wanted else have >= 2 for have, wanted in zip(numbers.shape, self.shape, strict=True)
        )
        in_range = numbers.dtype.kind in "fiu" and bool(np.all((numbers >= self.low) & (numbers <= self.high)))
        if not (fits and in_range):
            how_many = " x ".join(str(wanted or "n") for wanted in self.shape) or "one"
            raise KnobError(f"{where} is not what it must be: {how_many} numbers, {self.low:g} to {self.high:g}.")


def fact(meaning: str, shape: tuple[int | None, ...], low: float, high: float) -> Any:
    """A dataclass field that planning fills in. Empty (None) means not measured yet, or nothing to apply.

    shape      of the numbers; None stands for any length from 2, () for a single number
    low, high  what cannot be is refused, wherever it comes from
    """
    return dataclasses.field(default=None, metadata={"fact": FactLimits(meaning, shape, low, high)})


@dataclass(frozen=True)
class TextFact:
    """What `text_fact()` remembers."""

    meaning: str

    def check(self, where: str, value: Any) -> None:
        """Raise KnobError unless the value is a line of text; None is always right."""
        if value is not None and not (isinstance(value, str) and len(value) <= LONGEST_TEXT):
            raise KnobError(f"{where} is not what it must be: text of at most {LONGEST_TEXT} letters.")


def text_fact(meaning: str) -> Any:
    """A dataclass field in which planning says in words what it found."""
    return dataclasses.field(default=None, metadata={"fact": TextFact(meaning)})


class Stage(Knobs):
    """Base of all stages; subclasses are frozen dataclasses that declare `takes` and `makes`."""

    takes: typing.ClassVar[type]
    makes: typing.ClassVar[type]
    # Facts that mean nothing without one another: all are known, or none.
    together: typing.ClassVar[tuple[str, ...]] = ()
    # Fields that recipes of earlier versions lack; to them these are at their defaults.
    later: typing.ClassVar[tuple[str, ...]] = ()
    # `plan` asks a scene for no more than its shot and the other stages: run without a plan, such a stage plans itself.
    needs_only_the_shot: typing.ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in dataclasses.fields(self):
            if "fact" in field.metadata:
                field.metadata["fact"].check(f"{type(self).__name__}.{field.name}", getattr(self, field.name))
        missing = [name for name in self.together if getattr(self, name) is None]
        if 0 < len(missing) < len(self.together):
            raise KnobError(
                f"{type(self).__name__} lacks {', '.join(missing)}: give {', '.join(self.together)}, or none."
            )

    @classmethod
    def table_name(cls) -> str:
        """The stage's table in TOML: ChromaNoise is [chroma_noise]."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def plan(self, scene: Scene) -> typing.Self:
        """This stage with its facts filled in for one photo. Facts already there are kept."""
        return self

    def add_to(self, chain: Chain, shot: typing.Any) -> None:
        """Put this stage's row kernel at the end of the chain."""
        raise NotImplementedError(f"{type(self).__name__} has no row kernel")

    def __call__(self, picture: Picture | np.ndarray, shot: Shot | None = None) -> Picture | np.ndarray:
        """Run this stage alone on a whole picture; the input is left as it is.

        picture  what the stage takes; or its pixels as a plain array, and a plain array comes back:
                 RawFrame     (H, W) uint16, sensor counts with black level
                 LinearFrame  (H, W, 3) uint16, the same of three colours
                 Mosaic       (H, W) float32, linear, 0 = black, 1 = saturation, beyond both allowed, finite
                 LinearImage  (H, W, 3) float32, linear, the same scale
                 Photo        (H, W, 3) uint16, display-encoded sRGB, 0 to 65535; EightBit gives uint8, 0 to 255
        shot     the facts of a plain array: Bayer order, levels, noise; without them those of NEUTRAL_SHOT
        A stage that goes by noise and was not planned takes that of the shot, as if no gain had been applied yet.
        Raises FrameError for another type, dtype or shape, fewer than 2 x 2 pixels, and where the stage lacks a fact.
        """
        from isp.develop import run_stages

        if shot is not None and not isinstance(shot, Shot):
            raise FrameError(f"The facts of an array are a Shot, not {type(shot).__name__}.")
        if isinstance(picture, np.ndarray):
            return self(self.takes(picture, shot or NEUTRAL_SHOT)).pixels
        if not isinstance(picture, self.takes):
            raise FrameError(f"{type(self).__name__} takes {self.takes.__name__}, not {type(picture).__name__}.")
        if shot is not None:
            raise FrameError(f"A {type(picture).__name__} carries its own shot; give one with a plain array only.")
        return run_stages(picture, (self,))

    def planned_by_shot(self, shot: Shot) -> typing.Self:
        """This stage as far as the facts of a shot can plan it; one that is planned already stays as it is."""
        from isp.plan import scene_without_picture

        return self.plan(scene_without_picture(shot)) if self.needs_only_the_shot else self

    def to_dict(self) -> dict[str, Any]:
        """The stage's line in the recipe: plain values for JSON."""
        return {"stage": self.table_name()} | {
            field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)
        }

    @classmethod
    def from_dict(cls, line: dict[str, Any]) -> typing.Self:
        """The stage that `to_dict` described. Raises KnobError for an unknown or missing key."""
        values = {key: _tuples(value) for key, value in line.items() if key != "stage"}
        names = {field.name for field in dataclasses.fields(cls)}
        odd = ", ".join(sorted((set(values) | set(cls.later)) ^ names))
        if odd:
            raise KnobError(f"Recipe of [{cls.table_name()}]: unknown or missing {odd}.")
        return cls(**values)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
