"""Settings that change while the camera runs: what it takes over, and what has to wait for the next start."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firmware.darkroom.modes import load_modes, mode_pipeline
from firmware.errors import NightjarError
from firmware.service.notify import notify, notify_reloading
from firmware.settings import TABLES, AcceleratorSettings, NightSettings, PortraitSettings, Settings, ZoomSettings
from firmware.settings_in_force import SettingsFiles
from isp.errors import IspError

if TYPE_CHECKING:
    from isp.pipeline import Pipeline

logger = logging.getLogger(__name__)

# Everything else is built into threads, memory, pins or open files at start. The stage tables can always change.
CAN_CHANGE = {
    "exposure": ("fixed_us", "fixed_gain"),
    "buttons": ("debounce_ms", "long_press_s", "power_off"),
    "storage": ("free_space_floor_mb", "dng", "jpeg_quality"),
    "darkroom": ("threads", "queue"),
    "preview": ("frames_per_second",),
    "night": tuple(item.name for item in dataclasses.fields(NightSettings)),
    "zoom": tuple(item.name for item in dataclasses.fields(ZoomSettings)),
    "accelerator": tuple(item.name for item in dataclasses.fields(AcceleratorSettings)),
    "portrait": tuple(item.name for item in dataclasses.fields(PortraitSettings)),
    "log": ("level",),
}


@dataclass(frozen=True)
class Change:
    """The settings to go on with, what is new in them, and what was asked for in vain ("table.key")."""

    settings: Settings
    changed: tuple[str, ...]
    not_reloaded: tuple[str, ...]


class Reloading:
    """Reads the settings anew when asked to. Those that cannot be used leave the ones of before in force, and say so.

    settings      in force now
    trouble       why those in the files are not; empty when they are
    not_reloaded  what waits for a restart, "table.key"
    files         None where there is nothing to read
    use           hands a change to the parts, given all that was wanted; raises before anything changes
    changed       called when `trouble` came up
    """

    def __init__(
        self,
        settings: Settings,
        files: SettingsFiles | None,
        use: Callable[[Settings, Change], None],
        changed: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.trouble = files.trouble if files else ""
        self.not_reloaded: tuple[str, ...] = ()
        self._files = files
        self._use = use
        self._changed = changed
        self._one_at_a_time = threading.Lock()

    def reload(self) -> dict[str, Any]:
        """Take over what can change. Raises what is wrong with the settings."""
        try:
            change = self._take_over()
        except (NightjarError, IspError) as error:
            self.trouble = (
                f"The settings were changed and are not in force, those of before stay until they are right: {error}"
            )
            self._changed()
            raise
        self.trouble = ""
        self.keep()
        return {"changed": list(change.changed), "not_reloaded": list(change.not_reloaded)}

    def on_signal(self) -> None:
        """The same, told to systemd and the journal instead of a caller."""
        notify_reloading()
        try:
            self.reload()
        except (NightjarError, IspError) as error:
            logger.error("The settings were not reloaded, the old ones stay: %s", error)
        notify(READY=1)

    def look(self) -> None:
        """Files that were wrong are read again once they change."""
        if self.trouble and self._files is not None and self._files.have_changed():
            self.on_signal()

    def keep(self) -> None:
        """The camera works with these settings: keep them for a start at which the files are half-written."""
        if self._files is not None and not self.trouble:
            self._files.keep()

    def _take_over(self) -> Change:
        with self._one_at_a_time:
            wanted = self._files.read() if self._files else self.settings
            change = take_over(self.settings, wanted)
            self._use(wanted, change)
            self.settings, self.not_reloaded = change.settings, change.not_reloaded
        logger.info("Reloaded; changed: %s", ", ".join(change.changed) or "nothing")
        if change.not_reloaded:
            logger.warning("These wait for a restart: %s", ", ".join(change.not_reloaded))
        return change


def take_over(running: Settings, wanted: Settings) -> Change:
    """Merge what can change of `wanted` into `running`."""
    changed: list[str] = []
    not_reloaded: list[str] = []
    tables: dict[str, Any] = {}
    for table, kind in TABLES.items():
        old, new = getattr(running, table), getattr(wanted, table)
        differing = [
            item.name for item in dataclasses.fields(kind) if getattr(old, item.name) != getattr(new, item.name)
        ]
        possible = [name for name in differing if name in CAN_CHANGE.get(table, ())]
        changed += [f"{table}.{name}" for name in possible]
        not_reloaded += [f"{table}.{name}" for name in differing if name not in possible]
        tables[table] = dataclasses.replace(old, **{name: getattr(new, name) for name in possible})
    changed += _knobs_that_differ(running.pictures, wanted.pictures)
    settings = Settings(pictures=wanted.pictures, **tables)
    return Change(settings, tuple(changed), tuple(not_reloaded))


def _knobs_that_differ(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    """ "table.key" of every knob of a stage that was set otherwise, set for the first time, or set no more."""
    names = [(table, key) for tables in (old, new) for table, keys in tables.items() for key in keys]
    unset = object()
    return [
        f"{table}.{key}"
        for table, key in dict.fromkeys(names)
        if old.get(table, {}).get(key, unset) != new.get(table, {}).get(key, unset)
    ]


def build_pipelines(settings: Settings) -> dict[str, Pipeline]:
    """The chain of every mode, so that a wrong knob is found now and not at the press. Raises KnobError."""
    return {name: mode_pipeline(mode, settings.pictures) for name, mode in load_modes().items()}


def burst_modes() -> frozenset[str]:
    """The modes whose photos are many frames, merged."""
    return frozenset(name for name, mode in load_modes().items() if mode.burst)


def zoom_modes() -> frozenset[str]:
    """The modes that enlarge the middle of the frame."""
    return frozenset(name for name, mode in load_modes().items() if mode.zoom)
