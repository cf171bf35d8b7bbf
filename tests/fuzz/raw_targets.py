"""Raw files and what lies beside them: our DNGs, their facts, headerless files, sidecars, maps of frames behind."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib

import numpy as np
from fuzz.target import BrokenPromise, Target, promise, scratch_file
from measures.every_fact import EVERY_FACT as SHOT

from firmware.darkroom.redevelop import tuning_of
from firmware.errors import RawFileError, SettingsError, SidecarError
from firmware.files import dng
from firmware.files.frames_behind import pack_frames_behind, unpack_frames_behind
from firmware.files.raw_files import read_raw
from firmware.files.raw_files.nightjar_dng import read_nightjar_dng
from firmware.files.shot_facts import facts_to_json
from firmware.files.sidecar import encode_sidecar, read_sidecar
from firmware.files.tiff import BYTE, Field, encode_directories
from firmware.portrait.entry import amiss
from firmware.portrait.entry import in_words as portrait_in_words
from firmware.sensors import load_sensor
from firmware.zoom.entry import in_words as zoom_in_words
from isp.burst.places import places_of
from isp.develop import develop
from isp.errors import FrameError, IspError
from isp.frames import UNKNOWN_SENSOR, LinearFrame, RawFrame, Shot
from isp.photo import PORTRAIT_STAGES, photo_pipeline
from isp.pipeline import Pipeline

SHAPE = (12, 16)
# A frame that is larger is not developed: what is tried here is whether its facts can be.
MOST_DEVELOPED_PX = 4096
PRIVATE = 50740
UNKNOWN = dataclasses.replace(SHOT, sensor=UNKNOWN_SENSOR, exposure_us=None, analogue_gain=None, noise=None)


def a_frame(shot: Shot = SHOT, colours: int = 0) -> RawFrame | LinearFrame:
    """Noise around the middle; of many exposures with the map of how many."""
    shape = (*SHAPE, colours) if colours else SHAPE
    pixels = np.random.default_rng(1).integers(0, 4096, shape).astype(np.uint16)
    behind = np.full(places_of(SHAPE), shot.frames, np.float32) if shot.frames > 1 else None
    return (LinearFrame if colours else RawFrame)(pixels, shot, behind)


def dngs() -> list[bytes]:
    tuning, merged = load_sensor("imx477").tuning, dataclasses.replace(SHOT, frames=8)
    made = [(a_frame(), tuning), (a_frame(merged), tuning), (a_frame(merged, 3), tuning), (a_frame(UNKNOWN), None)]
    return [b"".join(dng.encode_dng(frame, tables)) for frame, tables in made]


def take_dng(content: bytes) -> None:
    """As `read_frame` reads it, LibRaw left out: that is another target."""
    path = scratch_file("frame.dng", content)
    try:
        frame = read_nightjar_dng(path)
    except FrameError as error:
        raise RawFileError(f"{path} holds no usable frame: {error}") from error
    if frame is not None:
        check_frame(frame)


def stored_facts() -> list[bytes]:
    """What stands in DNGPrivateData behind its mark."""
    shots = (SHOT, UNKNOWN, dataclasses.replace(SHOT, frames=8))
    behind = {"frames_behind": pack_frames_behind(np.full(places_of(SHAPE), 8, np.float32))}
    told = [{"format": 1, "shot": shot.to_dict()} | (behind if shot.frames > 1 else {}) for shot in shots]
    return [facts_to_json(facts) for facts in told]


def take_stored_facts(content: bytes) -> None:
    """A DNG of ours that is right but for these facts."""
    fields = [field for field in dng._camera_fields(SHOT) if field.tag not in (PRIVATE, dng.EXIF_POINTER)]
    fields += dng._picture_fields(SHAPE) + dng._level_fields(SHOT)
    fields.append(Field(PRIVATE, BYTE, dng.PRIVATE_MARK + content))
    take_dng(encode_directories({"main": fields}) + a_frame().pixels.tobytes())


def headerless_facts() -> list[bytes]:
    known = "exposure_us = 20000\nanalogue_gain = 2.0\nnoise = {shot = 1e-4, read = 1e-7}\ncolour_gains = [2.0, 1.5]\n"
    least = 'width = 16\nheight = 12\nbayer = "RGGB"\nblack_dn = 256\nwhite_dn = 4095\nsensor = "unknown"\n'
    full = least.replace("unknown", "imx477").replace("256", "[256, 256.5, 255, 256]") + known
    return [least.encode(), (full + "lux = 100\ntemperature_k = 5000.0\nlens_position = 1.0\n").encode()]


def take_headerless(content: bytes) -> None:
    scratch_file("frame.toml", content)
    check_frame(read_raw(scratch_file("frame.raw", a_frame().pixels.tobytes())))


def maps() -> list[bytes]:
    whole = base64.b64decode(pack_frames_behind(np.linspace(1, 8, np.prod(places_of(SHAPE)), dtype=np.float32)))
    return [whole, zlib.compress(bytes(10_000_000))]


def take_map(content: bytes) -> None:
    found = unpack_frames_behind(base64.b64encode(content).decode(), SHAPE)
    promise(found.shape == places_of(SHAPE) and found.dtype == np.float32, "The map is of another shape or type.")


def sidecars() -> list[bytes]:
    frame = a_frame()
    photo = develop(frame, photo_pipeline(), load_sensor("imx477").tuning, 1)
    zoom = {
        "asked": 1.5, "factor": 1.0, "crop": {"top": 2, "left": 2, "height": 8, "width": 10}, "rung": "plain",
        "frames_behind": 1.0, "measured_share": 0.0, "diversity": None, "why": "There is one frame.",
        "without_network": None, "size": [12, 15], "enlarged": [{"by": "classical", "size": [12, 15]}],
        "shares": {"measured": 0.0, "learned": 0.0, "plain": 1.0},
    }  # fmt: skip
    subject = {"kind": "network", "names": ["person"], "confidence": 0.9, "is_guess": False}
    portrait = {
        "blurred": True, "why": None, "subject": subject, "device": "cpu", "fell_back": None, "without_model": None,
        "mask": {"file": "IMG_0001-mask.PNG", "sha256": "0" * 64}, "second": {"file": "b.DNG", "why": "too far"},
    }  # fmt: skip
    burst = {"frames": 8, "reference": 3}
    told = [{}, {"burst": burst, "zoom": zoom}, {"portrait": portrait}]
    return [encode_sidecar(photo, {"develop_ms": 12.5}, 90, "photo", **stories) for stories in told]


def take_sidecar(content: bytes) -> None:
    """Read, said in words, and its recipe followed, as `nightjar develop` and `nightjar shoot` do."""
    sidecar = read_sidecar(scratch_file("frame.json", content))
    if sidecar.zoom is not None:
        zoom_in_words(sidecar.zoom)
    if sidecar.portrait is not None:
        portrait_in_words(sidecar.portrait)
        amiss(sidecar.portrait)
    pipeline = Pipeline.from_dict(sidecar.recipe, PORTRAIT_STAGES)
    check_frame(a_frame(sidecar.shot), pipeline)


def check_frame(frame: RawFrame | LinearFrame, pipeline: Pipeline | None = None) -> None:
    """It has what its type promises, and can be developed; no number on the way is none."""
    again = type(frame)(frame.pixels, frame.shot, frame.frames_behind)
    promise(Shot.from_dict(again.shot.to_dict()) == frame.shot, "The facts do not come back from their own table.")
    if isinstance(frame, LinearFrame) or frame.pixels.size > MOST_DEVELOPED_PX:
        return
    tuning = tuning_of(frame.shot.sensor, "packaged")
    try:
        with np.errstate(invalid="raise", divide="raise", over="raise"):
            photo = develop(frame, pipeline or photo_pipeline(), tuning, 1)
    except IspError as error:
        # A recipe may contradict the frame that it is for; our own chain of stages fits every frame there is.
        if pipeline is not None:
            raise
        raise BrokenPromise(f"The frame was taken and cannot be developed: {error}") from error
    json.dumps(photo.recipe.to_dict(), allow_nan=False)


RAW_TARGETS = [
    Target("dng", "bytes", dngs, take_dng, (RawFileError, SettingsError), 4),
    Target("dng-facts", "text", stored_facts, take_stored_facts, (RawFileError, SettingsError), 3),
    Target("headerless", "text", headerless_facts, take_headerless, (RawFileError, SettingsError), 3),
    Target("frames-behind", "bytes", maps, take_map, (FrameError,), 2),
    Target("sidecar", "text", sidecars, take_sidecar, (SidecarError, SettingsError, IspError), 3),
]
