"""How much of a file a card is given at a time: about as much as it makes durable in two seconds.

A 24 MB raw file given to a worn card at once is 24 MB that nobody sees move for minutes, and every other file's journal
entry waits behind it. In pieces it moves while one looks, and the next photo's number gets in between. A card in good
health takes a whole file in one piece.
"""

from __future__ import annotations

from collections.abc import Callable

PIECE_S = 2.0
# Before anything is known of the card; 20 s at 50 kB/s.
FIRST_BYTES = 1 << 20
# A card's own page: less costs as much.
FEWEST_BYTES = 1 << 16


class Pieces:
    """What one card was seen to do, over all files. For one thread.

    moved  called with the bytes of each piece that is durable
    """

    def __init__(self) -> None:
        self.bytes_per_s: float | None = None
        self.moved: Callable[[int], None] = lambda _: None

    @property
    def at_once_bytes(self) -> int:
        """The size of the next piece."""
        if self.bytes_per_s is None:
            return FIRST_BYTES
        return max(int(self.bytes_per_s * PIECE_S), FEWEST_BYTES)

    def took(self, size: int, seconds: float) -> None:
        """A piece is durable."""
        # A small file says how long the card takes for its journal, not how fast it writes.
        if size >= FEWEST_BYTES:
            self.bytes_per_s = size / max(seconds, 1e-6)
        self.moved(size)
