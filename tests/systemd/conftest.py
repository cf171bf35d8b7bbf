"""One booted Debian with Nightjar in it for all tests of this folder; those that take it apart boot their own."""

from __future__ import annotations

import pytest
from machines.container import booted
from machines.debian import camera_root
from machines.installed_camera import SETTINGS, InstalledCamera


@pytest.fixture(scope="session")
def container():
    """Booted, with the settings of a camera that has no hardware."""
    with booted(camera_root()) as made:
        yield made


@pytest.fixture
def camera(container):
    """The installed service, freshly started."""
    made = InstalledCamera(container)
    made.use(SETTINGS)
    made.start()
    return made
