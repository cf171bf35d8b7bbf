"""The command `nightjar`. Exit codes: 0 done, 1 it failed, 2 the command was wrong, 130 stopped with Ctrl-C.

Only the chosen command's file is imported: `nightjar status` over SSH answers without loading numpy.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence

from accelerators.errors import AcceleratorError
from firmware.console import UsageError, coloured, note, open_streams, say
from firmware.errors import NightjarError
from isp.errors import IspError

COMMANDS = {
    "run": "be the camera: the daemon, in the foreground",
    "demo": "the whole camera without hardware: simulated sensor, pressed buttons, real photos",
    "shoot": "take a photo with the running camera",
    "view": "the live picture: its newest frame as a JPEG",
    "status": "what the running camera is doing",
    "zoom": "how far the camera zooms: show, or set from the next photo on",
    "wb": "white balance: auto, a preset, a temperature, a grey card, lock",
    "config": "get, set or show settings, and where each comes from",
    "knobs": "every knob with its default, range and meaning",
    "develop": "turn raw files into photos",
    "upscale": "make a JPEG or PNG at hand larger, with detail by a small network",
    "models": "the networks of portraits: list, fetch, verify, and what of one an Edge TPU can run",
    "eval": "how right a judgement of the camera is, on pictures whose truth is known",
    "bench": "measure this machine: what night mode gains, and what it costs",
    "doctor": "check camera, buttons, card, permissions, Edge TPU, clock and power; say how to mend",
    "selftest": "measure what this board does, and write a report to attach to a bug",
}
FAILED, WRONG_USAGE, STOPPED = 1, 2, 130


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong command line is raised, so that --json holds for it too."""

    def error(self, message: str) -> None:
        raise UsageError(f"{message}\nTry: {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    open_streams()
    try:
        code = _run_or_tell(words)
        sys.stdout.flush()
        return code
    except OSError as error:
        # Python would complain again when it flushes at exit. A reader (head, less) that has seen enough is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            note(f"nightjar: the answer cannot be written: {error.strerror}.")
        return FAILED


def _run_or_tell(words: list[str]) -> int:
    as_json = "--json" in words
    try:
        return _run(words)
    except UsageError as error:
        return _fail(str(error), as_json, WRONG_USAGE)
    except (NightjarError, AcceleratorError, IspError) as error:
        return _fail(str(error), as_json, FAILED)
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}.", as_json, FAILED)


def _run(words: list[str]) -> int:
    top = _top_parser()
    chosen = top.parse_args(words)
    if chosen.command is None:
        top.print_help()
        return WRONG_USAGE
    if chosen.command not in COMMANDS:
        raise UsageError(f"there is no command '{chosen.command}'. Commands: {', '.join(COMMANDS)}")
    command = importlib.import_module(f"firmware.commands.{chosen.command}")
    parser = Parser(prog=f"nightjar {chosen.command}", description=command.__doc__, parents=[_common_options()])
    command.add_arguments(parser)
    return command.run(parser.parse_intermixed_args(chosen.rest, chosen))


def _top_parser() -> Parser:
    listed = "\n".join(f"  {name:9} {meaning}" for name, meaning in COMMANDS.items())
    parser = Parser(
        prog="nightjar",
        description="An open camera: from the shutter button to an honest photo.",
        epilog=f"commands:\n{listed}\n\n`nightjar COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=Version, nargs=0, help="print the version and exit")
    parser.add_argument("--json", action="store_true", default=False, help="answer as JSON")
    _add_settings_options(parser, [], None)
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="see below")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _common_options() -> argparse.ArgumentParser:
    """Options that may stand after the command too; what stood before it is kept."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="answer as JSON")
    _add_settings_options(parser, argparse.SUPPRESS, argparse.SUPPRESS)
    return parser


def _add_settings_options(parser: argparse.ArgumentParser, no_set: object, no_folder: object) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=no_set,
        metavar="TABLE.KEY=VALUE",
        help="a setting for this command only; may be given again",
    )
    parser.add_argument(
        "--config", default=no_folder, metavar="DIR", help="folder of config.toml (default: /etc/nightjar)"
    )


class Version(argparse.Action):
    """Print the version, and stop."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        from firmware.version import VERSION

        say(f"nightjar {VERSION}")
        sys.stdout.flush()
        parser.exit()


def _fail(message: str, as_json: bool, code: int) -> int:
    if as_json:
        say(json.dumps({"error": message}))
    else:
        note(f"{coloured('nightjar:', 'red', sys.stderr)} {message}")
    return code


if __name__ == "__main__":
    sys.exit(main())
