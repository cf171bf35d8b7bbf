"""Every knob of the camera and of its pictures, with default, range and meaning."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from typing import Any

from firmware.console import UsageError, answer, coloured
from firmware.errors import SettingsError
from firmware.settings import TABLES
from isp.knobs import Knobs, knob_fields

HEADING = """\
# Every setting of Nightjar with its default. This file is what `nightjar knobs --toml` prints; the program does not
# change when you edit it. Put your own values into /etc/nightjar/config.toml, or let `nightjar config set` write them:
#     sudo nightjar config set sharpen.amount 0.8
# A line that begins with "#~" is a knob that Nightjar decides by measurement until you set it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which tables, and in what form."""
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="only these tables")
    parser.add_argument("--toml", action="store_true", help="as the complete settings file configs/camera.toml")


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    if arguments.toml and arguments.json:
        raise UsageError("--toml and --json are two forms of one answer; choose one")
    tables = all_tables()
    for name in arguments.tables:
        if name not in tables:
            raise SettingsError(f"There is no table [{name}]. Tables: {', '.join(tables)}.")
    chosen = {name: kind for name, kind in tables.items() if not arguments.tables or name in arguments.tables}
    if arguments.toml:
        answer(False, None, as_toml(chosen).splitlines())
    else:
        answer(arguments.json, [line for name, kind in chosen.items() for line in _facts(name, kind)], _lines(chosen))
    return 0


def all_tables() -> dict[str, type[Knobs]]:
    """The tables of the camera, then those of the picture's stages that have knobs; imports numpy."""
    from isp.photo import PORTRAIT_STAGES

    return TABLES | {name: stage for name, stage in PORTRAIT_STAGES.items() if any(knob_fields(stage))}


def as_toml(tables: dict[str, type[Knobs]]) -> str:
    """The settings file that holds every default."""
    return HEADING + "".join(f"\n{_toml_table(name, kind)}" for name, kind in tables.items())


def toml_value(value: Any) -> str:
    """A plain value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _toml_table(name: str, kind: type[Knobs]) -> str:
    lines = [*_comment(_purpose(kind)), f"[{name}]"]
    for field, facts in knob_fields(kind):
        lines += _comment(f"{facts.meaning} ({facts.allowed})" if facts.allowed != "any" else facts.meaning)
        lines.append(f"#~ {field.name} =" if field.default is None else f"{field.name} = {toml_value(field.default)}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, 116)]


def _purpose(kind: type[Knobs]) -> str:
    first = (kind.__doc__ or "").strip().splitlines()[0]
    purpose = first.partition("]")[2].lstrip(": ") if first.startswith("[") else first
    return purpose[:1].upper() + purpose[1:]


def _facts(name: str, kind: type[Knobs]) -> Iterator[dict[str, Any]]:
    for field, facts in knob_fields(kind):
        yield {
            "table": name,
            "key": field.name,
            "default": field.default,
            "allowed": facts.allowed,
            "meaning": facts.meaning,
        }


def _lines(tables: dict[str, type[Knobs]]) -> Iterator[str]:
    for name, kind in tables.items():
        yield coloured(f"[{name}]", "bold") + f"  {_purpose(kind)}"
        for field, facts in knob_fields(kind):
            default = "measured" if field.default is None else toml_value(field.default)
            yield f"  {field.name} = {default}  ({facts.allowed})"
            yield from (f"      {line}" for line in textwrap.wrap(facts.meaning, 100))
        yield ""
