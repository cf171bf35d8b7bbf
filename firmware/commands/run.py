"""Be the camera: the daemon, in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse

from firmware.configuration import check_pictures
from firmware.service.notify import notify
from firmware.settings_in_force import SettingsFiles
from isp.errors import KernelsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run` needs only settings."""


def run(arguments: argparse.Namespace) -> int:
    """Start the daemon with everything checked first; SIGHUP reads the same layers again."""
    files = SettingsFiles(arguments.set, arguments.config, check_pictures)
    try:
        settings = files.read_or_kept()
        from firmware.daemon import run_daemon
    except KernelsError as error:
        notify(STATUS=str(error))
        raise
    return run_daemon(settings, files)
