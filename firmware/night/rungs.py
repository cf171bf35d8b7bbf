"""Which merge `[night] merge` asks for, in the camera and for recorded bursts."""

from isp.burst.merging import Rung

RUNGS = {"fine": Rung.FREQUENCIES, "quick": Rung.PLACES}
