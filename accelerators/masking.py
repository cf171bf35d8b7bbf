"""From a photo to the mask of its subject: the network, what it says, and the edge, with the story of how it went.

Whatever goes wrong on the way ends as a reason, never as an error: a portrait without a mask is an unblurred photo.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from accelerators.errors import AcceleratorError, DeviceError, ModelError, RuntimeMissing
from accelerators.mask_story import Story
from accelerators.opencv import opencv, opencv_errors
from accelerators.subject.subject import NoSubject, Subject

if TYPE_CHECKING:
    from accelerators.models.files import ModelFiles
    from accelerators.runtime.accelerator import Accelerator
    from accelerators.runtime.answer import Answer

logger = logging.getLogger(__name__)

# From here on a pixel of a mask belongs more to the subject than to what lies around it.
IS_SUBJECT = 128


@dataclass(frozen=True)
class Means:
    """What masks are found with.

    model    its name in configs/models.toml
    folder   of the installed models
    device   "auto", "cpu", or as pycoral writes it: "usb", "usb:0", "pci:0", ":1"
    library  path of libedgetpu; empty for the installed one
    """

    model: str
    folder: Path
    device: str = "auto"
    threads: int = 2
    deadline_s: float = 10.0
    library: str = ""


@dataclass(frozen=True)
class Gate:
    """What may be a subject: how sure one must be, whether things count, whether to guess where no network answers."""

    least_confidence: float
    objects: bool = True
    guesses: bool = True

    @property
    def limits(self) -> dict[str, Any]:
        """As `find_subject` takes them."""
        return {"least_confidence": self.least_confidence, "objects": self.objects}


@dataclass(frozen=True)
class Found:
    """mask   (H, W) uint8, 255 where the subject is; None where the photo stays unblurred
    story  plain values for the sidecar: `why` there is no mask, `subject`, `device`, `model`, `model_sha256`,
           `fell_back`, `without_model`, and `ms` of each step
    """

    mask: np.ndarray | None
    story: dict[str, Any] = field(default_factory=dict)


class Masking:
    """One accelerator, opened when first needed. Safe to use from several threads: one picture at a time."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._lock = threading.Lock()
        self._files: ModelFiles | None = None
        self._accelerator: Accelerator | None = None
        self._lacking = ""
        self._is_warm = self._is_closing = False

    def warm_up(self) -> None:
        """Load now what the first portrait would wait for: libraries, model and device. What fails is in `report`."""
        from accelerators.matte import matte
        from accelerators.subject import finding

        logger.debug("Loaded %s and %s", finding.__name__, matte.__name__)
        try:
            opencv()
            with self._lock:
                accelerator = self._opened()
            accelerator.warm_up()  # meanwhile a photo is answered by the processor, and does not wait
            self._lacking = ""
        except AcceleratorError as error:
            self._lacking = str(error)
        self._is_warm = True

    def find(self, picture: np.ndarray, gate: Gate) -> Found:
        """The mask of a (H, W, 3) uint8 sRGB picture, or why there is none."""
        told = Story()
        with self._turn():
            try:
                subject = self._subject(picture, gate, told)
                mask = None if isinstance(subject, NoSubject) else _matte(picture, subject, told)
            except (AcceleratorError, MemoryError, *opencv_errors()) as error:
                logger.warning("No mask was made: %s", error)
                return Found(None, told.ending(why=f"no mask could be made: {str(error) or type(error).__name__}"))
            self._is_warm = True
        if isinstance(subject, NoSubject):
            return Found(None, told.ending(why=subject.reason))
        if mask.max() < IS_SUBJECT:
            return Found(None, told.ending(why="the subject has no place in the picture that is surely its own"))
        return Found(mask, told.ending(subject=subject.to_dict()))

    def look(self, picture: np.ndarray, gate: Gate) -> np.ndarray | NoSubject:
        """The mask of a small picture, by one look of the network, for a live picture. Raises AcceleratorError.

        It is as coarse as the network's answer: a matte would take eight times as long as the look.
        """
        from accelerators.subject.finding import glance
        from accelerators.subject.grids import resampled

        with self._turn():
            subject = glance(picture, *self._network(Story()), **gate.limits)
        if isinstance(subject, NoSubject):
            return subject
        return np.rint(255 * resampled(subject.probability, picture.shape[:2])).astype(np.uint8)

    def files(self) -> ModelFiles:
        """The model. Raises ModelError with the command that installs it."""
        with self._lock:
            return self._model()

    def report(self) -> dict[str, Any]:
        """Plain values for status, at once: nothing is loaded, and nobody who is at work is waited for."""
        accelerator = self._accelerator
        device = accelerator.report() if accelerator is not None else None
        state = "ready" if self._is_warm else "not loaded yet"
        return {"state": state, "model": self._means.model, "lacking": self._lacking or None, "device": device}

    def close(self) -> None:
        """End the device's process: now, or when the picture in work is done. Returns at once."""
        self._is_closing = True
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One picture at a time; the last one ends the device's process where `close` could not."""
        try:
            with self._lock:
                yield
        finally:
            if self._is_closing:
                self.close()

    def _end(self) -> None:
        accelerator, self._accelerator = self._accelerator, None
        if accelerator is not None:
            accelerator.close()

    def _subject(self, picture: np.ndarray, gate: Gate, told: Story) -> Subject | NoSubject:
        from accelerators.subject.finding import find_subject

        with told.time("subject"):
            try:
                found = find_subject(picture, *self._network(told), **gate.limits)
                self._lacking = ""
                return found
            except (DeviceError, ModelError, RuntimeMissing) as error:
                self._lacking = told.facts["without_model"] = str(error)
            if not gate.guesses:
                return NoSubject(f'no network answered, and [portrait] without_model is "plain". {self._lacking}')
            return find_subject(picture, **gate.limits)

    def _network(self, told: Story) -> tuple[Callable[[np.ndarray], Answer], tuple[str, ...], tuple[int, int]]:
        """What asks the network, its labels, and the size of the picture it takes."""
        run, files = self._opened().run, self._model()
        return told.hearing(run), files.labels, files.input

    def _model(self) -> ModelFiles:
        if self._files is None:
            from accelerators.models.registry import installed

            self._files = installed(self._means.model, self._means.folder)
        return self._files

    def _opened(self) -> Accelerator:
        """The accelerator; one that could not be opened is tried again with the next picture: models get installed."""
        if self._accelerator is None:
            from accelerators.runtime.accelerator import Accelerator

            means = self._means
            self._accelerator = Accelerator(
                self._model(),
                means.device,
                threads=means.threads,
                deadline_s=means.deadline_s,
                library=means.library,
            )
        return self._accelerator


def _matte(picture: np.ndarray, subject: Subject, told: Story) -> np.ndarray:
    from accelerators.matte.matte import make_matte

    with told.time("matte"):
        return make_matte(picture, subject.probability)
