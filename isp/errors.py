"""What can be wrong with a picture, a fact or a knob. Every message says what was found and what is allowed."""

# A message is read in a terminal, in the journal and in the status, and what it repeats of a file can be megabytes.
LONGEST_MESSAGE = 1500
KEPT_OF_ITS_END = 500


def shown(message: str) -> str:
    """The message as a terminal may show it: letters that would act on it are written out, and long ones are cut.

    Begin and end stay: what was found stands at the one, what to do at the other.
    """
    if not message.isprintable():
        message = "".join(
            letter if letter.isprintable() or letter == "\n" else _written_out(letter) for letter in message
        )
    if len(message) <= LONGEST_MESSAGE:
        return message
    begin, end = message[: LONGEST_MESSAGE - KEPT_OF_ITS_END], message[-KEPT_OF_ITS_END:]
    return f"{begin} [... {len(message) - LONGEST_MESSAGE} letters ...] {end}"


def _written_out(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


class IspError(Exception):
    """Root of everything `isp` raises on purpose."""

    def __str__(self) -> str:
        return shown(super().__str__())


class FrameError(IspError, ValueError):
    """A frame or one of its facts is missing, malformed or contradicts another."""


class KnobError(IspError, ValueError):
    """A knob got a value of the wrong type or outside its range, or does not exist."""


class TuningError(IspError, ValueError):
    """A tuning table is missing or malformed."""


class PipelineError(IspError, TypeError):
    """Neighbouring stages do not fit together."""


class KernelsError(IspError, ImportError):
    """The compiled kernels are missing, or were built for another processor."""
