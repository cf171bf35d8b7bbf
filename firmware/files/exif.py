"""What Exif says of a shot: the same fields in the JPEG and in the DNG.

Source: CIPA DC-008-2019, Exif 2.32. A fact that is not known has no field; nothing is invented.
"""

from __future__ import annotations

import functools
import math
import struct
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from firmware.errors import SettingsError
from firmware.files.tiff import LONGEST, RATIONAL, SHORT, UNDEFINED, Field, rational, text
from firmware.version import VERSION
from firmware.wall_clock import was_set
from isp.frames import UNKNOWN_SENSOR, Shot

MAKE = "Nightjar"
SOFTWARE = f"Nightjar {VERSION}"
EXIF_POINTER = 34665
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Cameras that are not calibrated by speed write gain 1 as ISO 100; so does libcamera's own DNG writer.
ISO_OF_GAIN_ONE = 100


@functools.cache
def camera_model(sensor: str) -> str:
    """The sensor's full name where we have its file, else the name it gave itself."""
    from firmware.sensors import load_sensor

    try:
        return load_sensor(sensor).title
    except SettingsError:
        return "Unknown sensor" if sensor == UNKNOWN_SENSOR else sensor


def exif_fields(shot: Shot, zoom: float | None = None) -> list[Field]:
    """The Exif directory of this shot, without what only a JPEG has; `zoom` of a picture that was enlarged."""
    fields = [Field(36864, UNDEFINED, b"0232"), *_date_fields(shot)]  # ExifVersion
    if shot.exposure_us is not None:
        fields.append(Field(33434, RATIONAL, (rational(Fraction(shot.exposure_us) / 10**6),)))  # ExposureTime
    if shot.analogue_gain is not None:
        sensitivity = min(round(shot.analogue_gain * ISO_OF_GAIN_ONE), 65535)
        fields.append(Field(34855, SHORT, (sensitivity,)))  # PhotographicSensitivity
    if shot.lens_position is not None and 0 <= shot.lens_position < math.inf:
        # libcamera gives dioptres, 0 is infinity; Exif writes infinity as the largest numerator.
        far = shot.lens_position == 0
        distance = Fraction(LONGEST) if far else rational(1 / Fraction(shot.lens_position))
        fields.append(Field(37382, RATIONAL, (distance,)))  # SubjectDistance
    if zoom is not None:
        fields.append(Field(0xA404, RATIONAL, (rational(Fraction(zoom)),)))  # DigitalZoomRatio
    return fields + (_composite_fields(shot) if shot.frames > 1 else [])


def _composite_fields(shot: Shot) -> list[Field]:
    """That the picture is merged, and of what: frames that were taken and left out are not told of."""
    fields = [
        Field(0xA460, SHORT, (3,)),  # CompositeImage: captured while shooting
        Field(0xA461, SHORT, (shot.frames, shot.frames)),  # SourceImageNumberOfCompositeImage: taken and used
    ]
    if shot.exposure_us is not None:
        each = rational(Fraction(shot.exposure_us) / 10**6).as_integer_ratio()
        total = rational(Fraction(shot.exposure_us) * shot.frames / 10**6).as_integer_ratio()
        # From the first frame's start to the last one's end, which is not known; then taken and used: total, longest,
        # shortest; then one sequence of so many frames, and the exposure of each.
        times = struct.pack("<2I4I8I", 0, 0, *2 * total, *4 * each)
        times += struct.pack("<2H", 1, shot.frames) + shot.frames * struct.pack("<2I", *each)
        fields.append(Field(0xA462, UNDEFINED, times))  # SourceExposureTimesOfCompositeImage
    return fields


def date_time(shot: Shot) -> str | None:
    """The wall time in Exif's form, UTC; None when the clock was never set, or says something absurd."""
    if not was_set(shot.wall_time_ns):
        return None
    try:
        return f"{EPOCH + timedelta(seconds=shot.wall_time_ns // 10**9):%Y:%m:%d %H:%M:%S}"
    except OverflowError:
        return None


def _date_fields(shot: Shot) -> list[Field]:
    """UTC with its offset: the camera does not know where it is, and a log beside it speaks UTC too."""
    taken = date_time(shot)
    if taken is None:
        return []
    milliseconds = f"{shot.wall_time_ns // 10**6 % 1000:03d}"
    return [
        text(36867, taken),  # DateTimeOriginal
        text(36868, taken),  # DateTimeDigitized
        text(36880, "+00:00"),  # OffsetTime
        text(36881, "+00:00"),  # OffsetTimeOriginal
        text(36882, "+00:00"),  # OffsetTimeDigitized
        text(37520, milliseconds),  # SubSecTime
        text(37521, milliseconds),  # SubSecTimeOriginal
        text(37522, milliseconds),  # SubSecTimeDigitized
    ]


def camera_fields(shot: Shot) -> list[Field]:
    """Who made the file: fields of the main directory."""
    taken = date_time(shot)
    return [
        text(271, MAKE),
        text(272, camera_model(shot.sensor)),
        Field(274, SHORT, (1,)),  # Orientation: flips happen in the sensor, the pixels are upright as they are
        text(305, SOFTWARE),
        *([text(306, taken)] if taken else []),
    ]
