"""Settings that are half-written, by a power cut or an editor, do not stop the camera: the last right ones hold.

What the files held when the camera was last ready is kept in the state folder, which is found without the files. A
file that was cut off where TOML ends well, in the middle of a number say, cannot be told from a whole one.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from firmware.configuration import Files, Loaded, load, read_files, setting_files, settings_folder
from firmware.console import note
from firmware.errors import SettingsError
from firmware.settings import Settings
from firmware.storage.durable import write_over

logger = logging.getLogger(__name__)

KEPT = "settings-last-right.json"


class SettingsFiles:
    """All layers of settings, and what is wrong with the files among them.

    command_line   "table.key=value" texts, which win over the files
    folder         in the place of /etc/nightjar
    check          looks at what was read, and raises SettingsError
    trouble        why the kept settings are in force; empty when the files' are
    """

    def __init__(self, command_line: Iterable[str], folder: str | None, check: Callable[[Loaded], None]) -> None:
        self.trouble = ""
        self._command_line = list(command_line)
        self._named = folder
        self._check = check
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self._read: Files = []

    def read(self) -> Settings:
        """The settings as the files have them. Raises SettingsError."""
        self._seen = self._look()
        files = read_files(settings_folder(named=self._named))
        self._refuse_emptied(files)
        settings = self._laid(files)
        self._read = files
        return settings

    def read_or_kept(self) -> Settings:
        """The same; where the files are wrong, the settings that were kept. Raises SettingsError if none were."""
        try:
            return self.read()
        except SettingsError as error:
            kept = self._kept()
            if not kept:
                raise
            settings = self._laid(kept)
            self.trouble = f"The settings of the camera's last start are in force, because of {error}"
            return settings

    def keep(self) -> None:
        """What was read last is right: the camera works with it."""
        text = json.dumps({"folder": str(settings_folder(named=self._named)), "files": self._read})
        path = self._path()
        try:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                write_over(path, text.encode())
        except (OSError, UnicodeDecodeError) as error:
            logger.warning("%s cannot be kept for a start with half-written settings: %s", path, error)

    def have_changed(self) -> bool:
        """The files are not those that were read last."""
        return self._look() != self._seen

    def _laid(self, files: Files) -> Settings:
        loaded = load(self._command_line, files=files)
        self._check(loaded)
        return loaded.settings

    def _refuse_emptied(self, files: Files) -> None:
        """A power cut leaves a file of no length where a program wrote it without care."""
        empty = [path for path, _ in files if self._seen.get(Path(path), (0, 1, 0))[1] == 0]
        held = dict(self._kept()) if empty else {}
        for path in empty:
            if held.get(path):
                raise SettingsError(
                    f"{path} is empty, and held settings when the camera last started. Write them again; if there "
                    "shall be none, write a line with # into it."
                )

    def _look(self) -> dict[Path, tuple[int, int, int]]:
        """What changes when a file does: its time, size and place on the card."""
        found = {}
        with contextlib.suppress(SettingsError, OSError):
            for path in setting_files(settings_folder(named=self._named)):
                facts = path.stat()
                found[path] = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        return found

    def _path(self) -> Path:
        return Path(load(self._command_line, files=[]).settings.storage.state_folder) / KEPT

    def _kept(self) -> Files:
        """What the same folder's files held; nothing if that was never kept, or cannot be read."""
        path = self._path()
        try:
            kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            files = [(str(path), dict(tables)) for path, tables in kept["files"]]
        except (OSError, ValueError, TypeError, LookupError):
            return []
        return files if kept["folder"] == str(settings_folder(named=self._named)) else []


def settings_to_ask_with(command_line: Iterable[str], folder: str | None) -> Settings:
    """For commands that only talk to the camera: they find it also while its settings are half-written."""
    files = SettingsFiles(command_line, folder, check=lambda _: None)
    settings = files.read_or_kept()
    if files.trouble:
        note(files.trouble)
    return settings
