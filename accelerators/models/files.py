"""One installed model: its files and what goes in and comes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelFiles:
    """A model ready to run.

    name      as in configs/models.toml
    cpu       the int8 .tflite for the CPU
    edge_tpu  its twin compiled for the Edge TPU; None where there is none
    input     (height, width) of the uint8 picture it takes
    labels    the class of each score, background first
    uncut     the files are as published, and are cut at their scores when they are loaded
    channels  of the picture: 3 are red, green and blue, 1 is grey
    """

    name: str
    cpu: Path
    edge_tpu: Path | None
    input: tuple[int, int]
    labels: tuple[str, ...]
    uncut: bool = False
    channels: int = 3

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Of the picture it takes."""
        return (*self.input, self.channels)
