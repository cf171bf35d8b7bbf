"""A .tflite that carries its own SHA-256: one of the project's own files is refused where one bit is not as written.

The sum stands in the file's metadata, and is of the whole file with zeros in its place.
"""

from __future__ import annotations

import hashlib

from accelerators.errors import ModelError
from accelerators.models.flatbuffer import Table, root_of
from accelerators.models.graph import IDENTIFIER

DIGEST = "nightjar_sha256"
DIGEST_BYTES = 32


def sealed(content: bytes) -> bytes:
    """The same file with its SHA-256 in the place that was kept for it."""
    start = _digest_at(content)
    return content[:start] + _digest(content, start) + content[start + DIGEST_BYTES :]


def check_seal(content: bytes) -> None:
    """Raises ModelError where the file has no sum, or is not the one that was sealed."""
    start = _digest_at(content)
    if content[start : start + DIGEST_BYTES] != _digest(content, start):
        raise ModelError("Its bytes are not the ones that were written: their SHA-256 differs.")


def metadata_of(content: bytes, name: str) -> Table:
    """One entry of a file's metadata. Raises ModelError where it has none of that name."""
    model = root_of(content, IDENTIFIER)
    buffers = model.tables(4)
    for entry in model.tables(6):
        if entry.text(0) == name and entry.number(1, "I") < len(buffers):
            return buffers[entry.number(1, "I")]
    raise ModelError(f"It has no entry {name}.")


def _digest(content: bytes, start: int) -> bytes:
    return hashlib.sha256(content[:start] + bytes(DIGEST_BYTES) + content[start + DIGEST_BYTES :]).digest()


def _digest_at(content: bytes) -> int:
    start, count = metadata_of(content, DIGEST).vector(0, 1)
    if count != DIGEST_BYTES:
        raise ModelError(f"Its SHA-256 has {count} bytes, not {DIGEST_BYTES}.")
    return start
