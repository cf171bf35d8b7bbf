"""A pipeline is a list of stages; its text is the complete recipe of a photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isp.errors import KnobError, PipelineError
from isp.stage import Stage


@dataclass(frozen=True)
class Pipeline:
    """Stages in order. Neighbours that do not fit are refused when the pipeline is built."""

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        if not self.stages:
            raise PipelineError("A pipeline without stages makes nothing.")
        for before, after in zip(self.stages, self.stages[1:], strict=False):
            if before.makes is not after.takes:
                raise PipelineError(
                    f"{type(after).__name__} takes {after.takes.__name__}, but {type(before).__name__} makes "
                    f"{before.makes.__name__}."
                )

    def stage(self, kind: type[Stage]) -> Stage | None:
        """The first stage of this kind, or None."""
        return next((stage for stage in self.stages if isinstance(stage, kind)), None)

    def with_stage(self, stage: Stage) -> Pipeline:
        """This stage in the place of those of its kind; where there is none, nothing changes."""
        return Pipeline(tuple(stage if type(other) is type(stage) else other for other in self.stages))

    def to_dict(self) -> list[dict[str, Any]]:
        """The recipe as plain values for JSON."""
        return [stage.to_dict() for stage in self.stages]

    @classmethod
    def from_dict(cls, lines: list[dict[str, Any]], known: Mapping[str, type[Stage]]) -> Pipeline:
        """The pipeline of a stored recipe. Raises KnobError if it names a stage or key that does not exist."""
        stages = []
        for line in lines:
            name = line.get("stage") if isinstance(line, dict) else None
            if not isinstance(name, str) or name not in known:
                raise KnobError(f"The recipe names the stage {name!r}. Known stages: {', '.join(known)}.")
            stages.append(known[name].from_dict(line))
        return cls(tuple(stages))
