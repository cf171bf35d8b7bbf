"""One virtual machine for all of these tests: booting takes longest."""

from __future__ import annotations

import pytest
from machines.board import Board
from machines.guest_camera import GuestCamera
from machines.guest_image import guest_image
from machines.virtual import booted


@pytest.fixture(scope="session")
def image():
    """The disk, made once and kept."""
    return guest_image()


@pytest.fixture(scope="session")
def machine(image, tmp_path_factory):
    """A booted guest."""
    with booted(image, tmp_path_factory.mktemp("machine")) as guest:
        yield guest


@pytest.fixture(scope="session")
def board(machine):
    """Its pins, as a Raspberry Pi has them."""
    return Board(machine)


@pytest.fixture(scope="session")
def camera(machine, board):
    """Nightjar in it, not yet started."""
    return GuestCamera(machine)
