"""What the buttons do. Edges are only queued where they happen; this thread acts on them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from firmware.errors import NightjarError
from firmware.service.heartbeat import Heartbeats
from firmware.service.worker import Worker
from firmware.shooting import Shooting
from isp.errors import IspError

if TYPE_CHECKING:
    import queue

    from firmware.body.buttons import ButtonEvent

logger = logging.getLogger(__name__)

# Taking a press waits for a frame; with long exposures that is as long as they are.
PRESS_LIMIT_S = 1300.0


class ButtonActions:
    """Shutter: take a photo. Mode, short: next mode. Mode, long: switch the board off, where that is allowed."""

    def __init__(
        self,
        shooting: Shooting,
        heartbeats: Heartbeats,
        refused: Callable[[str], None],
        switch_off: Callable[[], None],
    ) -> None:
        self._shooting = shooting
        self._refused = refused
        self._switch_off = switch_off
        self._presses = Worker("presses", heartbeats, PRESS_LIMIT_S, self._act)

    @property
    def events(self) -> queue.SimpleQueue[ButtonEvent | None]:
        """Where the buttons put what was pressed."""
        return self._presses.queue

    def start(self) -> None:
        """Begin to act on what comes through `events`."""
        self._presses.start()

    def close(self, timeout_s: float) -> None:
        """Act on what was pressed, then end."""
        self._presses.close(timeout_s)

    def _act(self, event: ButtonEvent) -> None:
        if (event.button, event.kind) == ("shutter", "press"):
            self._shoot(event.time_ns)
        elif (event.button, event.kind) == ("mode", "press"):
            logger.info("Mode %s", self._shooting.next_mode())
        elif (event.button, event.kind) == ("mode", "long_press"):
            self._switch_off()

    def _shoot(self, time_ns: int) -> None:
        try:
            self._shooting.press(time_ns)
        except (NightjarError, IspError) as error:
            logger.error("The press was refused: %s", error)
            self._refused(str(error))
