"""The folder of photographs and models that lies beside a checkout; tests that need it skip where it is not there."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("NIGHTJAR_SHARED", Path(__file__).resolve().parents[3] / "shared"))
