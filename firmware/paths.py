"""Where the files that came with Nightjar lie: beside the package when installed, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CONFIGS = [folder for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir()]

CONFIGS = _CONFIGS[0] if _CONFIGS else _PACKAGE / "configs"
SENSORS = CONFIGS / "sensors"
SYSTEM_SETTINGS = Path("/etc/nightjar")
