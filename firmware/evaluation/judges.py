"""The judges of a light that can be compared, each one callable."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isp.light_estimate import Judge

JUDGES = ("learned", "classical")
# The photographers whose pictures the learned judge has seen: on theirs its errors are too good to be true.
TRAINED_ON = frozenset(("david", "dom", "dwt", "naush", "peter", "peter1", "peter3", "peter4"))


def judge_called(name: str) -> Judge:
    """One of JUDGES. The learned one raises ModelError where its file is damaged."""
    if name == "classical":
        from isp.light import classical

        return classical
    from accelerators.white_balance.judge import load_judge

    return load_judge()
