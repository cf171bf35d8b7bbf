"""The form of the network: its size, and how far it sees."""

from __future__ import annotations

# Layers between the first and the last, channels between all of them, and pixels on a side of what each layer sees.
# 38,468 weights: 3 Mpix take some 2 s of one core of a desktop, which is ten of a Pi 4's.
HIDDEN, CHANNELS, TAPS = 4, 32, 3
# Pixels around one that its answer depends on.
HALO_PX = (HIDDEN + 2) * (TAPS // 2)
