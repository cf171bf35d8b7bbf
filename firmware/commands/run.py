"""Be the camera: the daemon, in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse

from firmware.configuration import check_pictures, load
from firmware.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run` needs only settings."""


def run(arguments: argparse.Namespace) -> int:
    """Start the daemon with everything checked first; SIGHUP reads the same layers again."""

    def read_settings() -> Settings:
        loaded = load(arguments.set, system_folder=arguments.config)
        check_pictures(loaded)
        return loaded.settings

    settings = read_settings()
    from firmware.daemon import run_daemon

    return run_daemon(settings, read_settings)
