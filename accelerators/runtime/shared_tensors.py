"""Picture and answer in memory that parent and child share: nothing is copied through a pipe.

The memory has no name (memfd_create): it is gone when both are, however they ended, and /dev/shm stays empty. Its size
is sealed: a child gone mad cannot shorten it, which would end the parent with SIGBUS.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import zlib

import numpy as np

# The answer starts on a page of its own.
PAGE = mmap.PAGESIZE


class SharedTensors:
    """picture  (h, w, channels) uint8, written by the parent; values: float32, written by the child."""

    def __init__(self, descriptor: int, picture_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> None:
        """Map memory that `shared_memory` made; the descriptor may be closed afterwards."""
        start = _pages(math.prod(picture_shape))
        memory = mmap.mmap(descriptor, start + _pages(4 * math.prod(output_shape)))
        self.picture = np.ndarray(picture_shape, np.uint8, memory)
        self.values = np.ndarray(output_shape, np.float32, memory, start)

    def checksum(self) -> int:
        """Of the answer: tells a half-written or old one from what the child meant."""
        return zlib.crc32(self.values)


def shared_memory(picture_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> int:
    """A descriptor of memory for both; the caller closes it."""
    descriptor = os.memfd_create("nightjar-tensors", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, _pages(math.prod(picture_shape)) + _pages(4 * math.prod(output_shape)))
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return descriptor


def _pages(size: int) -> int:
    return -(-size // PAGE) * PAGE
