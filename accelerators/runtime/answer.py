"""What a network said, and who ran it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Answer:
    """One inference.

    values     float32, the first output without its batch axis, dequantised: (33, 33, 21) logits of DeepLab
    device     which device computed it: "cpu", "usb:0", "pci:0"
    model      the file that was run
    took_ms    wall time of the inference, transfers included
    fell_back  why another device than the wanted one answered; empty where it was the wanted one
    sha256     of the file as it was read; another one may lie there meanwhile
    """

    values: np.ndarray
    device: str
    model: str
    took_ms: float
    fell_back: str = ""
    sha256: str = ""
