"""Networks that name a class for each place, run as they are on the CPU, and pycoral's own measure of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from measures.shared_folder import SHARED
from PIL import Image

from accelerators.models.class_map import class_map
from accelerators.runtime.model import Model

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


def classes_of(interpreter, picture: np.ndarray) -> np.ndarray:
    """The likeliest class of each pixel, from a cut network or an uncut one."""
    answer = answer_of(interpreter, picture)
    return answer if answer.ndim == 2 else class_map(answer, picture.shape[:2])


def photograph(name: str, side: int = 513) -> np.ndarray:
    """One of Coral's photographs, squashed to the network's input."""
    with Image.open(PHOTOGRAPHS / name) as picture:
        return np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS))


def pycoral_score(found: np.ndarray, truth: np.ndarray) -> float:
    """Its tests' formula for "intersection over union" of all pixels of whatever class: 1 where all agree."""
    matches = np.count_nonzero(found == truth)
    return matches / (found.size + truth.size - matches)


def bird_score(published: str) -> float:
    """pycoral's own check of its segmentation networks, of a published file that is cut; it asks for 0.90."""
    network, picture = Model(PUBLISHED / published, uncut=True), photograph("bird_segmentation.bmp")
    found = class_map(network.run(picture), picture.shape[:2], network.file.outputs[0].scale)
    with Image.open(PHOTOGRAPHS / "bird_segmentation_mask.bmp") as truth:
        return pycoral_score(found, np.asarray(truth))
