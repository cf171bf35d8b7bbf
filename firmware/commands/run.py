"""Be the camera: the daemon, in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse

from accelerators.errors import AcceleratorError
from firmware.configuration import check_pictures
from firmware.errors import NightjarError
from firmware.service.notify import ENDED, notify
from firmware.settings_in_force import SettingsFiles
from isp.errors import IspError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run` needs only settings."""


def run(arguments: argparse.Namespace) -> int:
    """Start the daemon with everything checked first; SIGHUP reads the same layers again."""
    try:
        return _run(arguments)
    except (NightjarError, AcceleratorError, IspError, OSError) as error:
        # systemd keeps it: `systemctl status` says why to whoever may not read the journal, and after it has moved on.
        notify(STATUS=f"{ENDED}{error}")
        raise


def _run(arguments: argparse.Namespace) -> int:
    files = SettingsFiles(arguments.set, arguments.config, check_pictures)
    settings = files.read_or_kept()
    from firmware.daemon import run_daemon

    return run_daemon(settings, files)
