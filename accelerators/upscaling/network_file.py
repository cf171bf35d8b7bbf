"""The network that upscaling ships: its files, and refused where one bit is not as it was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from accelerators.errors import ModelError
from accelerators.models.files import ModelFiles
from accelerators.models.seal import check_seal
from accelerators.runtime.model_file import Tensor, read_model
from accelerators.upscaling.tiles import Tiling

FOLDER = Path(__file__).resolve().parent
NAME, TWIN = "upscaling.tflite", "upscaling_edgetpu.tflite"
# Four new pixels for each measured one: (0, 0), (0, 1), (1, 0), (1, 1) of its 2 x 2.
ANSWERS = 4
REPAIR = "Install nightjar again, or make the file anew with its training command."


@dataclass(frozen=True)
class UpscalingFiles:
    """The files, checked, and how pictures are cut for them."""

    files: ModelFiles
    tiling: Tiling
    sha256: str


def upscaling_files(folder: Path = FOLDER) -> UpscalingFiles:
    """What lies in a folder. Raises ModelError where the network is missing, damaged or another one."""
    path = folder / NAME
    if not path.is_file():
        raise ModelError(f"There is no {path}. {REPAIR}")
    try:
        file = read_model(path)
        check_seal(file.content)
        tiling = _tiling(file.inputs, file.outputs)
    except ModelError as damage:
        raise ModelError(f"{path} is damaged or not for this. {damage} {REPAIR}") from None
    twin = folder / TWIN
    files = ModelFiles("upscaling", path, twin if twin.is_file() else None, tiling.shape, (), channels=1)
    return UpscalingFiles(files, tiling, file.sha256)


def _tiling(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> Tiling:
    shapes = [tensor.shape for tensor in (*inputs, *outputs)]
    if len(inputs) == len(outputs) == 1 and all(len(shape) == 4 for shape in shapes):
        (_, height, width, channels), (_, high, wide, answers) = shapes
        halo = (height - high) // 2
        tiling = Tiling((height, width), halo)
        if (channels, answers) == (1, ANSWERS) and halo >= 0 and tiling.inner == (high, wide):
            return tiling
    raise ModelError(
        f"It makes {shapes[1:]} of {shapes[:1]}; one grey tile and {ANSWERS} answers for each inner pixel are needed."
    )
