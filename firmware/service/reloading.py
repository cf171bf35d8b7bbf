"""What a running camera can take over from changed settings, and what has to wait for the next start."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firmware.darkroom.modes import load_modes, mode_pipeline
from firmware.settings import TABLES, AcceleratorSettings, NightSettings, PortraitSettings, Settings, ZoomSettings

if TYPE_CHECKING:
    from isp.pipeline import Pipeline

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
