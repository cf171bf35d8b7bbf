"""The bench's peer network is a fair one: it learns its pictures by heart, as its makers' does."""

import sys
from pathlib import Path

import pytest
from measures.shared_folder import SHARED

from accelerators.published.judged import Summary
from accelerators.published.pictures import pictures_in, read_pictures
from firmware.evaluation.white_balance import judge_pictures

sys.path.insert(0, str(Path(__file__).parent / "bench"))
import awb_peer


@pytest.mark.slow
def test_the_peer_fits_what_it_was_trained_on_as_closely_as_the_shipped_one_does():
    pytest.importorskip("torch", reason=f"PyTorch is not installed: {awb_peer.INSTALL}")
    folder = SHARED / "data/pi-awb/pisp"
    if not folder.is_dir():
        pytest.skip(f"the labelled pictures are not in {folder}; set NIGHTJAR_SHARED")
    pictures = [one for one in read_pictures(pictures_in(folder))[0] if one.photographer in ("naush", "peter4")]
    judged, _ = judge_pictures(pictures, awb_peer.train(pictures))
    # The shipped network's mean is 2.8 mired on its own training pictures.
    assert len(pictures) == 75 and Summary.of(one.error for one in judged).mean < 4
