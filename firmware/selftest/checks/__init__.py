"""One file for each part of the board that `nightjar selftest` measures."""
