"""What can be wrong with a picture, a fact or a knob. Every message says what was found and what is allowed."""


class IspError(Exception):
    """Root of everything `isp` raises on purpose."""


class FrameError(IspError, ValueError):
    """A frame or one of its facts is missing, malformed or contradicts another."""


class KnobError(IspError, ValueError):
    """A knob got a value of the wrong type or outside its range, or does not exist."""


class TuningError(IspError, ValueError):
    """A tuning table is missing or malformed."""


class PipelineError(IspError, TypeError):
    """Neighbouring stages do not fit together."""
