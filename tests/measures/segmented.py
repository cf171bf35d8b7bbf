"""Photos with a true mask and the raw score that DeepLab dm05 gives them, uncut or cut at its 33 x 33 logits."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measures.shared_folder import SHARED
from PIL import Image

from accelerators.opencv import opencv

DATA, MODELS = SHARED / "data", SHARED / "models" / "coral"
CUT, UNCUT = "deeplabv3_mnv2_dm05_pascal_quant_logits.tflite", "deeplabv3_mnv2_dm05_pascal_quant.tflite"
# PASCAL's classes that are no subject: background, chair, dining table, sofa.
NO_SUBJECT = (0, 9, 11, 18)


@dataclass(frozen=True)
class Segmented:
    """One photo.

    picture      (H, W, 3) uint8 sRGB
    truth        (H, W) float32 alpha, 0 to 1
    probability  (33, 33) float32: the classes that may be a subject, summed
    """

    name: str
    picture: np.ndarray
    truth: np.ndarray
    probability: np.ndarray


def missing() -> str:
    """What is not there for these photos, with what to do; empty where all is."""
    wanted = [DATA / "am2k-matting", DATA / "lemur-matting", DATA / "coco-subjects", MODELS / CUT, MODELS / UNCUT]
    gone = [str(path) for path in wanted if not path.exists()]
    return f"{', '.join(gone)} not there; name the shared folder in NIGHTJAR_SHARED" if gone else ""


def animals() -> Iterator[Segmented]:
    """AM-2k's with hand-made mattes, and pymatting's lemur."""
    for file in sorted((DATA / "am2k-matting").glob("*_alpha.png")):
        yield _segmented(file.with_name(file.name.replace("_alpha.png", ".jpg")), _plane(file))
    lemur = DATA / "lemur-matting"
    yield _segmented(lemur / "lemur.png", _plane(lemur / "lemur_alpha.png"))


def people() -> Iterator[Segmented]:
    """COCO's with a person in it; truth is every instance in the picture, its outlines are coarse."""
    folder = DATA / "coco-subjects"
    for name, classes in sorted(json.loads((folder / "instances.json").read_text()).items()):
        if "person" in classes.values():
            truth = np.asarray(Image.open(folder / f"{name}_inst.png")) > 0
            yield _segmented(folder / f"{name}.jpg", truth.astype(np.float32))


def probability_of(picture: np.ndarray) -> np.ndarray:
    """(33, 33) float32 of the cut model, align-corners."""
    logits = _network(CUT)(_squashed(picture))
    shares = np.exp(logits - logits.max(axis=2, keepdims=True))
    return 1 - (shares[..., NO_SUBJECT].sum(axis=2) / shares.sum(axis=2)).astype(np.float32)


def class_map_of(picture: np.ndarray) -> np.ndarray:
    """(513, 513) float32 of the uncut model: 1 where a class that may be a subject won."""
    return np.float32(~np.isin(_network(UNCUT)(_squashed(picture)), NO_SUBJECT))


def _segmented(file: Path, truth: np.ndarray) -> Segmented:
    picture = np.asarray(Image.open(file).convert("RGB"))
    return Segmented(f"{file.parent.name}/{file.stem}", picture, truth, probability_of(picture))


def _plane(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file).convert("L")).astype(np.float32) / 255


def _squashed(picture: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    return cv2.resize(picture, (513, 513), interpolation=cv2.INTER_AREA if min(picture.shape[:2]) > 513 else 1)


@functools.cache
def _network(file: str) -> Callable[[np.ndarray], np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(MODELS / file), num_threads=2)
    interpreter.allocate_tensors()
    entry, answer = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]
    scale, zero = answer["quantization"]

    def asked(picture: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(entry, picture[None])
        interpreter.invoke()
        said = interpreter.get_tensor(answer["index"])[0].astype(np.float32)
        return (said - zero) * scale if scale else said

    return asked
