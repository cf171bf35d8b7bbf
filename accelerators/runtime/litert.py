"""The library that runs networks: the one file that imports ai_edge_litert, tflite_runtime or pycoral.

ai_edge_litert is Google's present name of it, tflite_runtime the former one, still found beside Coral software.
Google's pycoral is used where it is installed, because it comes with a matching tflite_runtime; the package of that
name in the Python index is somebody else's, so its files are looked at before it is imported.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from accelerators.errors import RuntimeMissing

INSTALL = "pip install 'nightjar[portrait]'"


@dataclass(frozen=True)
class Runtime:
    """What of the library is used.

    name           the package it came from
    interpreter    class Interpreter
    plain          the op resolver without XNNPACK
    reference      the one whose kernels are the plain C++ loops that define int8 arithmetic, alike on all processors
    load_delegate  takes a library's path and its options
    """

    name: str
    interpreter: Callable[..., Any]
    plain: Any
    reference: Any
    load_delegate: Callable[[str, Mapping[str, str]], Any]


@functools.cache
def runtime() -> Runtime:
    """The installed library. Raises RuntimeMissing with the command that installs it."""
    try:
        import ai_edge_litert.interpreter as interpreter

        return _of("ai_edge_litert", interpreter)
    except ImportError as first:
        try:
            import tflite_runtime.interpreter as interpreter
        except ImportError:
            raise RuntimeMissing(
                f"Networks need LiteRT, which cannot be imported ({first}). Install it: {INSTALL}"
            ) from None
        return _of("tflite_runtime", interpreter)


def file_format() -> ModuleType:
    """The classes of a .tflite file's parts, for those that write one. Raises RuntimeMissing as `runtime` does."""
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise RuntimeMissing(f"Networks are written with LiteRT ({error}). Install it: {INSTALL}") from None
    return schema_py_generated


@functools.cache
def edge_tpu_runtime() -> Runtime:
    """As `runtime`, but the tflite_runtime that came with Google's pycoral, where that is: it fits its libedgetpu."""
    coral = google_pycoral()
    if coral is None:
        return runtime()
    import tflite_runtime.interpreter as interpreter

    return _of("pycoral", interpreter)


@functools.cache
def google_pycoral() -> ModuleType | None:
    """The module pycoral.utils.edgetpu, or None where Google's pycoral is not installed or does not start."""
    found = importlib.util.find_spec("pycoral")
    folders = [] if found is None else [Path(folder) for folder in found.submodule_search_locations or ()]
    if not any(_is_googles(folder) for folder in folders):
        return None
    try:
        return importlib.import_module("pycoral.utils.edgetpu")
    except ImportError:
        return None


def _of(name: str, interpreter: ModuleType) -> Runtime:
    return Runtime(
        name,
        interpreter.Interpreter,
        interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        interpreter.OpResolverType.BUILTIN_REF,
        interpreter.load_delegate,
    )


def _is_googles(package: Path) -> bool:
    """Google's has this module, and a compiled one that holds libedgetpu's functions."""
    return (package / "utils" / "edgetpu.py").is_file() and any((package / "pybind").glob("_pywrap_coral*"))
