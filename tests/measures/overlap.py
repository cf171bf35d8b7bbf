"""How well a subject is found: intersection over union with masks drawn by hand. Shared by tests and bench."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from measures.shared_folder import SHARED
from PIL import Image

from accelerators.runtime.answer import Answer
from accelerators.subject.grids import resampled
from accelerators.subject.subject import NoSubject, Subject

MODELS = SHARED / "models" / "coral"
CUT, UNCUT = "deeplabv3_mnv2_dm05_pascal_quant_logits.tflite", "deeplabv3_mnv2_dm05_pascal_quant.tflite"
VOC = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person "
    "pottedplant sheep sofa train tvmonitor"
)
LABELS = tuple(VOC.split())
# What COCO calls the animals of these photographs. VOC knows none but cat and dog.
COCO_ANIMALS = {"dog", "cat", "bear", "zebra", "giraffe"}

Labelled = tuple[str, np.ndarray, np.ndarray]


def overlap_with(truth: np.ndarray, found: Subject | NoSubject) -> float:
    """IoU of what is more likely subject than not with a (H, W) bool mask; 0 where nothing was found."""
    if isinstance(found, NoSubject):
        return 0.0
    return iou(truth, resampled(found.probability, truth.shape) > 0.5)


def iou(truth: np.ndarray, mask: np.ndarray) -> float:
    return float(np.count_nonzero(truth & mask) / max(1, np.count_nonzero(truth | mask)))


def coco_people() -> Iterator[Labelled]:
    """Photographs with people, and where the people are."""
    yield from _coco({"person"}, without=set())


def coco_animals() -> Iterator[Labelled]:
    """Photographs with animals and without people."""
    yield from _coco(COCO_ANIMALS, without={"person"})


def coco_with_belongings() -> Iterator[Labelled]:
    """Photographs with people, and where they and all that was labelled with them are: motorbike, frisbee, umbrella."""
    for name, photo, instances, classes in _coco_instances():
        if "person" in classes.values():
            yield name, photo, instances > 0


def am2k_animals() -> Iterator[Labelled]:
    for path in sorted((SHARED / "data" / "am2k-matting").glob("sample*.jpg")):
        yield (
            path.stem,
            photograph(path),
            np.asarray(Image.open(f"{path.with_suffix('')}_alpha.png").convert("L")) > 127,
        )


def _coco(wanted: set[str], without: set[str]) -> Iterator[Labelled]:
    for name, photo, instances, classes in _coco_instances():
        numbers = [int(number) for number, label in classes.items() if label in wanted]
        if numbers and not without & set(classes.values()):
            yield name, photo, np.isin(instances, numbers)


def _coco_instances() -> Iterator[tuple[str, np.ndarray, np.ndarray, dict[str, str]]]:
    folder = SHARED / "data" / "coco-subjects"
    if not folder.is_dir():
        return
    for name, classes in json.loads((folder / "instances.json").read_text()).items():
        yield name, photograph(folder / f"{name}.jpg"), np.asarray(Image.open(folder / f"{name}_inst.png")), classes


def photograph(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def network(name: str = CUT) -> Callable[[np.ndarray], Answer] | None:
    """Ask a model on one thread of this processor; None where LiteRT or the model is missing."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    if not (MODELS / name).is_file():
        return None
    interpreter = Interpreter(str(MODELS / name), num_threads=1)
    interpreter.allocate_tensors()
    given, answered = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = answered["quantization"]

    def segment(picture: np.ndarray) -> Answer:
        start = time.perf_counter()
        interpreter.set_tensor(given["index"], picture[None])
        interpreter.invoke()
        values = interpreter.get_tensor(answered["index"])[0].astype(np.float32)
        return Answer((values - zero) * (scale or 1.0), "cpu", name, 1e3 * (time.perf_counter() - start))

    return segment
