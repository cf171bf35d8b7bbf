"""Configuration: files, environment, --set, `config set`, modes, sensors and libcamera's tuning files."""

from __future__ import annotations

import functools
import json
import math
import tomllib

from fuzz.target import Target, promise, scratch_file

from firmware.configuration import check_pictures, load, read_tables
from firmware.darkroom.modes import check_modes, load_modes
from firmware.errors import SettingsError
from firmware.paths import CONFIGS, SENSORS
from firmware.sensors import load_sensor, read_libcamera_tuning
from firmware.settings_file import set_value
from isp.errors import TuningError
from isp.photo import photo_pipeline

CHANGED_KEY, ITS_VALUE = "sharpen.amount", "0.25"
LIGHTS_K = (500.0, 2500.0, 5000.0, 100_000.0)


def settings_files() -> list[bytes]:
    """The file with every setting, and a person's, with a comment and what TOML allows beside plain tables."""
    mine = (
        '# mine\n[camera]\nbackend = "simulated" # until the module comes\nwidth_px = 640\n\n[sharpen]\namount = 0.5\n'
    )
    dotted = (
        "camera.backend = 'replay'\ncamera.number = 1\nstorage.free_space_floor_mb = 100\ntone = {contrast = 0.5}\n"
    )
    lines = (CONFIGS / "camera.toml").read_text().splitlines()
    short = "\n".join(line for line in lines if line and not line.startswith("#"))
    return [mine.encode(), dotted.encode(), short.encode()]


def take_settings_file(content: bytes) -> None:
    loaded = load(environment={}, file=scratch_file("config.toml", content))
    check_pictures(loaded)
    photo_pipeline(loaded.settings.pictures)


def assignments() -> list[bytes]:
    """One a line; a line with two underscores in its name is an environment variable."""
    lines = ["camera.backend=simulated", "sharpen.amount=0.5", 'simulated.scene="chart"', "camera.hflip=true"]
    lines += ["NIGHTJAR_CAMERA__WIDTH_PX=640", "NIGHTJAR_TONE__CONTRAST=0.5", "replay.folder=/a b=c"]
    return ["\n".join(lines).encode(), b"storage.folder=/photos", b"NIGHTJAR_STORAGE__FOLDER=/photos"]


def take_assignments(content: bytes) -> None:
    """As Python hands them over: bytes that are no UTF-8 come as lone surrogates."""
    lines = content.decode("utf-8", "surrogateescape").replace("\0", "").split("\n")
    variables = dict(line.partition("=")[::2] for line in lines if line.startswith("NIGHTJAR_"))
    given = [line for line in lines if not line.startswith("NIGHTJAR_")]
    loaded = load(given, environment=variables, file=scratch_file("empty.toml", b""))
    check_pictures(loaded)


def take_changed_file(content: bytes) -> None:
    """`nightjar config set` in this file: one key more, everything else as it was."""
    path = scratch_file("changed.toml", content)
    try:
        set_value(path, CHANGED_KEY, ITS_VALUE)
    except SettingsError:
        promise(path.read_bytes() == content, "It was refused and written all the same.")
        raise
    table, key = CHANGED_KEY.split(".")
    before, after = read_tables(scratch_file("before.toml", content)), read_tables(path)
    before.setdefault(table, {})[key] = float(ITS_VALUE)
    promise(_same(after, before), f"Other settings than {CHANGED_KEY} changed.")


def modes_files() -> list[bytes]:
    return [(CONFIGS / "modes.toml").read_bytes(), b'[photo]\nmeaning = "plain"\n[photo.sharpen]\namount = 0.2\n']


def take_modes(content: bytes) -> None:
    path = scratch_file("modes.toml", content)
    modes = load_modes(path)
    check_modes(modes, path)
    promise(bool(modes), "There is no mode.")


def sensor_files() -> list[bytes]:
    return [(SENSORS / f"{name}.toml").read_bytes() for name in ("imx708", "imx219")]


def take_sensor(content: bytes) -> None:
    scratch_file("imx000.toml", content)
    sensor = load_sensor("imx000", folder=scratch_file("imx000.toml").parent)
    for mode in sensor.modes:
        noise = sensor.noise_at(1.0, mode)
        promise(math.isfinite(noise.shot) and math.isfinite(noise.read), "Noise is no number.")
        promise(sensor.nearest_mode(mode.width, mode.height) is not None, "A mode is not found by its own size.")
        sensor.field_of_view(mode)
    promise(bool(sensor.modes), "A sensor without a mode was taken.")
    check_tuning(sensor.tuning)


@functools.cache
def _algorithms() -> dict:
    return tomllib.loads((SENSORS / "imx708.toml").read_text())["tuning"]


def tuning_files() -> list[bytes]:
    """libcamera's two forms, the second with its trailing commas."""
    listed = {"version": 2.0, "target": "bcm2835", "algorithms": [{name: body} for name, body in _algorithms().items()]}
    flat = json.dumps(_algorithms(), indent=1)
    return [json.dumps(listed).encode(), flat.replace("]\n", "],\n").encode()]


def take_tuning(content: bytes) -> None:
    check_tuning(read_libcamera_tuning(scratch_file("tuning.json", content), "imx708"))


def check_tuning(tuning) -> None:
    """At every light its tables are numbers."""
    for light_k in LIGHTS_K:
        numbers = [*tuning.matrix_at(light_k).ravel()]
        shading = tuning.shading_at(light_k)
        numbers += [] if shading is None else [shading.min(), shading.max()]
        numbers += tuning.grey_at(light_k) if len(tuning.grey_curve) else []
        promise(all(map(math.isfinite, numbers)), f"At {light_k} K a table holds what is no number.")
    noise = tuning.noise_at(1.0)
    promise(math.isfinite(noise.shot) and math.isfinite(noise.read), "Noise is no number.")


def _same(one: object, other: object) -> bool:
    """NaN is not equal to itself, but is the same setting."""
    return repr(one) == repr(other) or one == other


REFUSED = (SettingsError,)
SETTINGS_TARGETS = [
    Target("settings", "text", settings_files, take_settings_file, REFUSED, 4),
    Target("assignments", "text", assignments, take_assignments, REFUSED, 4),
    Target("config-set", "text", settings_files, take_changed_file, REFUSED, 2),
    Target("modes", "text", modes_files, take_modes, REFUSED, 3),
    Target("sensor", "text", sensor_files, take_sensor, (SettingsError, TuningError), 2),
    Target("tuning", "text", tuning_files, take_tuning, (TuningError,), 2),
]
