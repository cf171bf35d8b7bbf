"""Our DNG: what the sensor measured, and everything a raw editor needs to show it right.

Source: Adobe Digital Negative Specification 1.4.0.0. One uncompressed strip of 16-bit counts in the main directory. The
complete Shot also lies in DNGPrivateData as JSON, so that `read_frame` gives exactly the same frame back. A merged
picture is a frame like any other, of finer counts and with less noise; its JSON also holds the frames behind it. A
zoomed picture, of which three colours of every pixel were measured, is a linear DNG (LinearRaw): without a colour
filter, with levels and noise for each colour, and else with the same tags.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from firmware.files.dng_colour import (
    DAYLIGHT,
    STANDARD_A,
    as_shot_neutral,
    colour_matrix,
    forward_matrix,
    has_colour,
)
from firmware.files.exif import EXIF_POINTER, MAKE, camera_fields, camera_model, exif_fields
from firmware.files.frames_behind import pack_frames_behind
from firmware.files.shot_facts import facts_to_json
from firmware.files.tiff import (
    BYTE,
    DOUBLE,
    LONG,
    RATIONAL,
    SHORT,
    SRATIONAL,
    Field,
    Offset,
    encode_directories,
    rational,
    text,
)
from isp.frames import UNKNOWN_SENSOR, LinearFrame, RawFrame, Shot
from isp.tuning import Tuning
from isp.zoom.black import black_of_colours

# What PhotometricInterpretation says of the samples: one colour a pixel behind a filter, or three.
CFA, LINEAR_RAW = 32803, 34892
CFA_NUMBER = {"R": 0, "G": 1, "B": 2}
PRIVATE_MARK = b"Nightjar\0"
PRIVATE_FORMAT = 1
SIGNED_LIMIT = 0x7FFFFFFF
# Pixels start on a cache line, so that a reader may map them.
ALIGNMENT = 64


def encode_dng(
    frame: RawFrame | LinearFrame,
    tuning: Tuning | None,
    neutral: tuple[float, float, float] | None = None,
    exposure_ev: float = 0.0,
) -> list[bytes | memoryview]:
    """The file in parts, to be written one after the other; the pixels are a view of the frame, not a copy.

    neutral      what a grey card reads in the light that the photo was balanced for: (red, 1, blue)
    exposure_ev  how much brighter than measured the photo is, so that editors open the DNG as bright
    """
    pixels = np.ascontiguousarray(frame.pixels, dtype="<u2")
    directories = {
        "main": _camera_fields(frame.shot, frame.frames_behind)
        + _picture_fields(pixels.shape)
        + (_level_fields(frame.shot) if isinstance(frame, RawFrame) else _colour_level_fields(frame.shot))
        + _light_fields(frame.shot, exposure_ev)
        + _colour_fields(frame.shot, tuning, neutral),
        "exif": exif_fields(frame.shot),
    }
    return [encode_directories(directories, alignment=ALIGNMENT), pixels.reshape(-1).view(np.uint8).data]


def _camera_fields(shot: Shot, behind: np.ndarray | None = None) -> list[Field]:
    facts = {"format": PRIVATE_FORMAT, "shot": shot.to_dict()}
    if behind is not None:
        facts["frames_behind"] = pack_frames_behind(behind)
    return [
        *camera_fields(shot),
        Field(EXIF_POINTER, LONG, Offset("exif")),
        Field(50706, BYTE, (1, 4, 0, 0)),  # DNGVersion
        Field(50707, BYTE, (1, 1, 0, 0)),  # DNGBackwardVersion: readers may ignore what came later
        text(50708, f"{MAKE} {camera_model(shot.sensor)}"),  # UniqueCameraModel
        Field(50740, BYTE, PRIVATE_MARK + facts_to_json(facts)),  # DNGPrivateData
    ]


def _picture_fields(shape: tuple[int, ...]) -> list[Field]:
    """The layout of (H, W) or (H, W, 3) counts."""
    height, width, *colours = shape
    samples = 3 if colours else 1
    return [
        Field(254, LONG, (0,)),  # NewSubfileType: the full picture
        Field(256, LONG, (width,)),
        Field(257, LONG, (height,)),
        Field(258, SHORT, (16,) * samples),  # BitsPerSample
        Field(259, SHORT, (1,)),  # Compression: none
        Field(262, SHORT, (LINEAR_RAW if colours else CFA,)),  # PhotometricInterpretation
        Field(273, LONG, Offset("data")),  # StripOffsets
        Field(277, SHORT, (samples,)),  # SamplesPerPixel
        Field(278, LONG, (height,)),  # RowsPerStrip
        Field(279, LONG, (2 * samples * width * height,)),  # StripByteCounts
        Field(284, SHORT, (1,)),  # PlanarConfiguration: a pixel's samples side by side
        Field(50829, LONG, (0, 0, height, width)),  # ActiveArea: the sensors' margins are cut by the camera stack
        Field(50718, RATIONAL, (Fraction(1), Fraction(1))),  # DefaultScale
        Field(50719, LONG, (0, 0)),  # DefaultCropOrigin
        Field(50720, LONG, (width, height)),  # DefaultCropSize
    ]


def _level_fields(shot: Shot) -> list[Field]:
    return [
        Field(33421, SHORT, (2, 2)),  # CFARepeatPatternDim
        Field(33422, BYTE, tuple(CFA_NUMBER[letter] for letter in shot.bayer)),  # CFAPattern
        Field(50710, BYTE, (0, 1, 2)),  # CFAPlaneColor
        Field(50711, SHORT, (1,)),  # CFALayout: rectangular
        Field(50713, SHORT, (2, 2)),  # BlackLevelRepeatDim
        Field(50714, RATIONAL, tuple(rational(level) for level in shot.black_dn)),  # BlackLevel
        Field(50717, LONG, (round(shot.white_dn),)),  # WhiteLevel
    ]


def _colour_level_fields(shot: Shot) -> list[Field]:
    return [
        Field(50713, SHORT, (1, 1)),  # BlackLevelRepeatDim
        Field(50714, RATIONAL, tuple(rational(level) for level in black_of_colours(shot))),  # BlackLevel
        Field(50717, LONG, (round(shot.white_dn),) * 3),  # WhiteLevel
    ]


def _light_fields(shot: Shot, exposure_ev: float) -> list[Field]:
    fields = [Field(50730, SRATIONAL, (rational(exposure_ev, SIGNED_LIMIT),))]  # BaselineExposure
    if shot.noise is not None:
        # One pair for each of the three planes; DNG's scale is ours: 0 = black, 1 = white.
        fields.append(Field(51041, DOUBLE, (float(shot.noise.shot), float(shot.noise.read)) * 3))  # NoiseProfile
    return fields


def _colour_fields(shot: Shot, tuning: Tuning | None, neutral: tuple[float, float, float] | None) -> list[Field]:
    grey = as_shot_neutral(shot, tuning, neutral)
    if grey is None and shot.sensor == UNKNOWN_SENSOR:
        grey = (1.0, 1.0, 1.0)  # Editors then show the counts unbalanced: all that is known of this sensor.
    fields = [] if grey is None else [Field(50728, RATIONAL, tuple(rational(part) for part in grey))]
    if not has_colour(tuning):
        return fields
    return [
        *fields,
        Field(50778, SHORT, (STANDARD_A.code,)),  # CalibrationIlluminant1
        Field(50779, SHORT, (DAYLIGHT.code,)),  # CalibrationIlluminant2
        _matrix(50721, colour_matrix(tuning, STANDARD_A)),
        _matrix(50722, colour_matrix(tuning, DAYLIGHT)),
        _matrix(50964, forward_matrix(tuning, STANDARD_A)),
        _matrix(50965, forward_matrix(tuning, DAYLIGHT)),
    ]


def _matrix(tag: int, matrix: np.ndarray) -> Field:
    return Field(tag, SRATIONAL, tuple(rational(value, SIGNED_LIMIT) for value in matrix.ravel().tolist()))
