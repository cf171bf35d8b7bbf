"""What the tests of cards put in."""

from __future__ import annotations

import pytest
from faults.memory_card import CARD_MB, MemoryCard


@pytest.fixture
def card(bench):
    """The card with the photos; what the daemon remembers lies elsewhere."""
    made = MemoryCard(bench.folder / "card.img", bench.folder / "photos", CARD_MB)
    yield made
    bench.kill()
    made.close()
