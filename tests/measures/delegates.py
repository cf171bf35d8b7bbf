"""Delegate libraries that behave as libedgetpu on a good and on a bad day, for the real `load_delegate`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

# The layout of TfLiteDelegate (tensorflow/lite/core/c/common.h); a delegate that takes no operator leaves the work to
# LiteRT's own.
SOURCE = r"""
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

struct Delegate {
    void *data;
    int (*prepare)(void *context, Delegate *self);
    void *copy_from, *copy_to, *free_handle;
    int64_t flags;
    void *builder;
};

static int prepare(void *, Delegate *) { return PREPARED; }

extern "C" const char *edgetpu_version() { return "made in a test"; }

using Report = void (*)(const char *);

extern "C" Delegate *tflite_plugin_create_delegate(char **names, char **values, size_t count, Report report) {
    static char said[200];
    for (size_t i = 0; i < count; ++i) std::snprintf(said, sizeof said, "%s=%s", names[i], values[i]);
    CREATED;
    return new Delegate{nullptr, prepare, nullptr, nullptr, nullptr, 0, nullptr};
}

extern "C" void tflite_plugin_destroy_delegate(Delegate *delegate) { delete delegate; }
"""

BEHAVIOURS = {
    "works": ("", 0),
    "no_device": ("report(said); return nullptr", 0),
    "aborts": (r'std::fputs("F driver.cc:88] transfer on tag 2 failed. Abort.\n", stderr); std::abort()', 0),
    "hangs": ("for (;;) pause()", 0),
    "fails_later": ("", 1),
}


def delegate(behaviour: str, folder: Path) -> Path | None:
    """The library's path; None where there is no compiler."""
    compiler = shutil.which("g++")
    if compiler is None:
        return None
    created, prepared = BEHAVIOURS[behaviour]
    source, library = folder / f"{behaviour}.cpp", folder / f"lib{behaviour}.so"
    source.write_text(SOURCE.replace("CREATED;", f"{created};").replace("PREPARED", str(prepared)))
    command = [compiler, "-shared", "-fPIC", "-o", library, source]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return library
