"""What can go wrong around networks and masks. Every message says what was found, what is allowed and what to do."""

from isp.errors import shown


class AcceleratorError(Exception):
    """Root of everything `accelerators` raises on purpose."""

    def __str__(self) -> str:
        return shown(super().__str__())


class RuntimeMissing(AcceleratorError, ImportError):
    """A library that runs networks, or OpenCV, is not installed; the message has the command that installs it."""


class DeviceError(AcceleratorError, RuntimeError):
    """No device answered: unplugged, without library, hung, dead or not allowed. The message says which and why."""


class ModelError(AcceleratorError, ValueError):
    """A model file is missing, truncated, of another hash or shape, or not made for this."""


class MaskError(AcceleratorError, ValueError):
    """A picture or mask does not fit: shape, type or range."""


class PictureError(AcceleratorError, ValueError):
    """A picture's name, size, depth or bytes are not as published or not as needed, or its sensor is not known."""
