"""configs/published_sensors.toml: the curve and the colour matrices with which the published pictures were rendered."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from accelerators.errors import PictureError
from isp.errors import TuningError
from isp.tuning import Tuning

ABOVE = Path(__file__).resolve().parents[2]
# Installed, the settings that come with Nightjar lie inside its package; in a checkout beside it.
PLACES = [ABOVE / "firmware/configs/published_sensors.toml", ABOVE / "configs/published_sensors.toml"]
TABLE = next((place for place in PLACES if place.is_file()), PLACES[-1])
AGAIN = "Put the packaged file back: install Nightjar again."


def published_tuning(platform: str, sensor: str, table: Path = TABLE) -> Tuning | None:
    """The sensor's curve, matrices and noise on this platform (pisp or vc4), without shading; None if not packaged.

    Raises PictureError where the packaged table is missing or damaged.
    """
    try:
        algorithms = _tables(table).get(platform, {}).get(sensor)
        return None if algorithms is None else Tuning.from_algorithms(sensor, f"{table}: {platform}", algorithms)
    except OSError as error:
        raise PictureError(f"{table} cannot be read: {error.strerror}. {AGAIN}") from None
    except TuningError as error:
        raise PictureError(f"{error} {AGAIN}") from None
    except (ValueError, AttributeError) as error:  # TOML's and Unicode's errors are ValueErrors
        raise PictureError(f"{table} is damaged: {error}. {AGAIN}") from None


def published_sensors(platform: str, table: Path = TABLE) -> list[str]:
    """Names that `published_tuning` knows."""
    return sorted(_tables(table)[platform])


@cache
def _tables(table: Path) -> dict:
    return tomllib.loads(table.read_text(encoding="utf-8"))
