"""Where states are laid out."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def memory():
    """A folder in memory: thousands of starts, with fsync, are then quick."""
    with tempfile.TemporaryDirectory(prefix="crash-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder)
