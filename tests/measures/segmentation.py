"""Networks that name a class for each place, run as they are on the CPU, and pycoral's own measure of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from measures.shared_folder import SHARED
from PIL import Image

PUBLISHED = SHARED / "models" / "coral"
PHOTOGRAPHS = SHARED / "data" / "coral-images"


def interpreter_of(model: bytes | Path, threads: int = 1):
    """LiteRT, ready to run."""
    from ai_edge_litert.interpreter import Interpreter

    data = model if isinstance(model, bytes) else model.read_bytes()
    made = Interpreter(model_content=data, num_threads=threads)
    made.allocate_tensors()
    return made


def answer_of(interpreter, picture: np.ndarray) -> np.ndarray:
    """The first output without its batch axis; `picture` is (height, width, 3) uint8 of the input's size."""
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]


def enlarged(scores: np.ndarray, side: int) -> np.ndarray:
    """(side, side, classes) of 8-bit scores, as the tail that is cut off enlarges them.

    Bilinear, the outermost scores at the outermost pixels, rounded to 8 bits again: equal scores then go to the first
    class, and that decides half a percent of the pixels.
    """
    rows, columns = scores.shape[:2]
    y, x = np.linspace(0, rows - 1, side), np.linspace(0, columns - 1, side)
    y0, x0 = np.minimum(y.astype(int), rows - 2), np.minimum(x.astype(int), columns - 2)
    fy, fx = (y - y0)[:, None, None], (x - x0)[None, :, None]
    values = scores.astype(np.float32)
    top = values[y0][:, x0] * (1 - fx) + values[y0][:, x0 + 1] * fx
    bottom = values[y0 + 1][:, x0] * (1 - fx) + values[y0 + 1][:, x0 + 1] * fx
    return np.floor(top * (1 - fy) + bottom * fy + 0.5)


def classes_of(interpreter, picture: np.ndarray) -> np.ndarray:
    """The likeliest class of each pixel, from a cut network or an uncut one."""
    answer = answer_of(interpreter, picture)
    return answer if answer.ndim == 2 else enlarged(answer, picture.shape[0]).argmax(axis=2)


def photograph(name: str, side: int = 513) -> np.ndarray:
    """One of Coral's photographs, squashed to the network's input."""
    with Image.open(PHOTOGRAPHS / name) as picture:
        return np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS))


def pycoral_score(found: np.ndarray, truth: np.ndarray) -> float:
    """Its tests' formula for "intersection over union" of all pixels of whatever class: 1 where all agree."""
    matches = np.count_nonzero(found == truth)
    return matches / (found.size + truth.size - matches)


def bird_score(interpreter) -> float:
    """pycoral's own check of its segmentation networks; it asks for 0.90."""
    with Image.open(PHOTOGRAPHS / "bird_segmentation_mask.bmp") as truth:
        return pycoral_score(classes_of(interpreter, photograph("bird_segmentation.bmp")), np.asarray(truth))
