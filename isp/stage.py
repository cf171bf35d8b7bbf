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
from typing import TYPE_CHECKING, Any

from isp.errors import FrameError, KnobError
from isp.frames import LinearImage, Mosaic, Photo, RawFrame
from isp.knobs import Knobs, knob_fields

if TYPE_CHECKING:
    from isp.kernels import Chain
    from isp.plan import Scene

Picture = RawFrame | Mosaic | LinearImage | Photo


def fact(meaning: str) -> Any:
    """A dataclass field that planning fills in. Empty (None) means not measured yet, or nothing to apply."""
    return dataclasses.field(default=None, metadata={"fact": meaning})


class Stage(Knobs):
    """Base of all stages; subclasses are frozen dataclasses that declare `takes` and `makes`."""

    takes: typing.ClassVar[type]
    makes: typing.ClassVar[type]

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

    def __call__(self, picture: Picture) -> Picture:
        """Run this stage alone on a whole picture; the input is left as it is."""
        from isp.develop import run_stages

        if not isinstance(picture, self.takes):
            raise FrameError(f"{type(self).__name__} takes {self.takes.__name__}, not {type(picture).__name__}.")
        return run_stages(picture, (self,))

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
        if set(values) != names:
            odd = ", ".join(sorted(set(values) ^ names))
            raise KnobError(f"Recipe of [{cls.table_name()}]: unknown or missing {odd}.")
        return cls(**values)


def knobs_of(stage: type[Stage]) -> list[str]:
    """Names of the knobs a person may turn."""
    return [field.name for field, _ in knob_fields(stage)]


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
