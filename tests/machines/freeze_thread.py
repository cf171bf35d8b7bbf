"""Stop one thread of a process as a debugger does, until the process ends: python freeze_thread.py THREAD-ID

No signal and no control group stops a single thread; ptrace(2) does. Says "frozen" once the kernel has stopped it.
"""

import ctypes
import os
import sys

SEIZE, INTERRUPT = 0x4206, 0x4207  # linux/ptrace.h
WAIT_ALL = 0x40000000  # __WALL: threads too


def ptrace(request: int, thread: int) -> None:
    """Raises OSError when the kernel refuses."""
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    library.ptrace.restype = ctypes.c_long
    if library.ptrace(request, thread, None, None) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(thread: int) -> None:
    """Freeze it, and wait for its end: an end that nobody takes note of would keep the process from ending."""
    ptrace(SEIZE, thread)
    ptrace(INTERRUPT, thread)
    ended = False
    while not ended:
        _, status = os.waitpid(thread, WAIT_ALL)
        ended = not os.WIFSTOPPED(status)
        print("ended" if ended else "frozen", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
