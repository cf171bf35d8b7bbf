"""Be the camera: the daemon, in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse

from firmware.configuration import check_pictures, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run` needs only settings."""


def run(arguments: argparse.Namespace) -> int:
    """Start the daemon with everything checked first."""
    loaded = load(arguments.set, system_folder=arguments.config)
    check_pictures(loaded)
    from firmware.daemon import Daemon

    return Daemon(loaded.settings).run()
