"""What can go wrong around the picture. Every message says what was found, what is allowed and what to do."""

from isp.errors import shown


class NightjarError(Exception):
    """Root of everything `firmware` raises on purpose."""

    def __str__(self) -> str:
        return shown(super().__str__())


class SettingsError(NightjarError, ValueError):
    """A setting is unknown, of the wrong type or outside its range. Names file, table and key."""


class CameraError(NightjarError, RuntimeError):
    """The camera cannot do what was asked."""


class CameraStalled(CameraError, TimeoutError):
    """No frame arrived in time."""


class CameraHung(CameraError):
    """A call into the camera's libraries never came back. Nobody can interrupt it; only a new process helps."""


class FrameTorn(CameraError):
    """A frame came that is not whole. The next one may be."""


class FrameRepeated(CameraError):
    """A frame came that was there before. The next one may be new."""


class PressRefused(NightjarError, RuntimeError):
    """This press cannot become a photo now; the message says why and when it can."""


class BurstEnded(PressRefused):
    """This press ended the burst that was being collected; it takes no photo of its own."""


class PreviewError(NightjarError, RuntimeError):
    """There is no live picture now; the message says why and what to do."""


class WhiteBalanceError(NightjarError, ValueError):
    """This white balance cannot be: there is no such choice, or nothing to take it from. Says what to do."""


class ZoomError(NightjarError, ValueError):
    """There is no such zoom, or what was zoomed cannot be made again. Says what is allowed."""


class PinError(NightjarError, OSError):
    """The pins of the buttons or of the status light cannot be used."""


class RawFileError(NightjarError, ValueError):
    """A raw file cannot be read: truncated, garbage, wrong size, or a fact is missing."""


class StorageError(NightjarError, OSError):
    """The card is full, read-only or failing; the message says which."""


class ControlError(NightjarError, ConnectionError):
    """The daemon does not answer, or refused the request."""


class SidecarError(NightjarError, ValueError):
    """A photo's sidecar cannot be read: not JSON, of another format, or a fact is missing."""


class MaskFileError(NightjarError, ValueError):
    """A portrait's mask is missing, altered, not a PNG, or does not fit its picture."""


class PictureFileError(NightjarError, ValueError):
    """A picture at hand cannot be read or written: no JPEG or PNG, damaged, too large, or of a kind not taken."""


class DemoError(NightjarError, RuntimeError):
    """The demonstration's daemon did not do what its buttons asked."""
