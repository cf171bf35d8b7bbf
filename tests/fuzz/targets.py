"""Every target by name: the doors of the camera through which bytes come that it did not make itself."""

from __future__ import annotations

from fuzz.kept_targets import KEPT_TARGETS
from fuzz.message_targets import MESSAGE_TARGETS
from fuzz.model_targets import MODEL_TARGETS
from fuzz.picture_targets import PICTURE_TARGETS
from fuzz.raw_targets import RAW_TARGETS
from fuzz.settings_targets import SETTINGS_TARGETS
from fuzz.target import Target

EVERY = (*RAW_TARGETS, *PICTURE_TARGETS, *SETTINGS_TARGETS, *MESSAGE_TARGETS, *KEPT_TARGETS, *MODEL_TARGETS)
TARGETS: dict[str, Target] = {target.name: target for target in EVERY}
