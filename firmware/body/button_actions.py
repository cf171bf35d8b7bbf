"""What the buttons do. Edges are only queued where they happen; two threads act on them.

The first takes the frame of the press out of the ring, the second gives the photo its number on the card. A card that
is busy with earlier photos can take seconds for that, and the next press must not wait: its frame would leave the ring.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from firmware.errors import BurstEnded, NightjarError
from firmware.service.heartbeat import Heartbeats
from firmware.service.worker import Worker
from firmware.shooting import Chosen, Shooting
from firmware.storage.card_writer import WRITE_LIMIT_S
from isp.errors import IspError

if TYPE_CHECKING:
    import queue

    from firmware.body.buttons import ButtonEvent
    from firmware.zoom.requests import ZoomRequests

logger = logging.getLogger(__name__)

# Taking a press waits for a frame; with long exposures that is as long as they are.
PRESS_LIMIT_S = 1300.0


class ButtonActions:
    """Shutter: take a photo. Mode, short: next mode. Mode, long: switch the board off, where that is allowed.

    zoom  what the zoom button does, pressed and held; None where there is none
    """

    def __init__(
        self,
        shooting: Shooting,
        heartbeats: Heartbeats,
        refused: Callable[[str], None],
        switch_off: Callable[[], None],
        zoom: ZoomRequests | None = None,
    ) -> None:
        self._shooting = shooting
        self._zoom = zoom
        self._refused = refused
        self._switch_off = switch_off
        self._presses: Worker[ButtonEvent] = Worker("presses", heartbeats, PRESS_LIMIT_S, self._act)
        self._numbers: Worker[Chosen] = Worker("numbers", heartbeats, WRITE_LIMIT_S, self._accept)

    @property
    def events(self) -> queue.SimpleQueue[ButtonEvent | None]:
        """Where the buttons put what was pressed."""
        return self._presses.queue

    def start(self) -> None:
        """Begin to act on what comes through `events`."""
        self._presses.start()
        self._numbers.start()

    def close(self, timeout_s: float) -> None:
        """Act on what was pressed, then end. A press that still waits for its frame is accepted when that has come."""
        if self._presses.close(timeout_s):
            self._numbers.close(timeout_s)

    def _act(self, event: ButtonEvent) -> None:
        if (event.button, event.kind) == ("shutter", "press"):
            self._shoot(event.time_ns)
        elif (event.button, event.kind) == ("mode", "press"):
            logger.info("Mode %s", self._shooting.next_mode())
        elif (event.button, event.kind) == ("mode", "long_press"):
            self._switch_off()
        elif event.button == "zoom" and self._zoom is not None:
            (self._zoom.press if event.kind == "press" else self._zoom.hold)()

    def _shoot(self, time_ns: int) -> None:
        with self._refusals():
            self._numbers.queue.put(self._shooting.choose(time_ns))

    def _accept(self, chosen: Chosen) -> None:
        with self._refusals():
            self._shooting.accept(chosen)

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except BurstEnded as ended:
            logger.info("%s", ended)
        except (NightjarError, IspError) as error:
            logger.error("The press was refused: %s", error)
            self._refused(str(error))
