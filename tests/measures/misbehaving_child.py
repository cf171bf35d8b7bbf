"""A child process that speaks the protocol wrongly in one way. Run by path: BEHAVIOUR, then the task as JSON.

Without numpy, which takes longer to import than all the rest.
"""

from __future__ import annotations

import array
import json
import math
import mmap
import os
import signal
import socket
import sys
import zlib

from accelerators.runtime.messages import receive, send

SHAPE = [4, 5, 3]
# The picture's 60 bytes have a page of their own.
ANSWER = slice(mmap.PAGESIZE, mmap.PAGESIZE + 4 * math.prod(SHAPE))


def main(behaviour: str, task: dict) -> None:
    channel = socket.socket(fileno=task["channel"])
    memory = mmap.mmap(task["memory"], 0)
    if behaviour == "wrong hello":
        send(channel, ready=True, output=[33, 33, 21])
        receive(channel, None)
    if behaviour == "never ready":
        receive(channel, None)
    if behaviour == "dies before hello":
        die("terminate called without an active exception")
    send(channel, ready=True, output=SHAPE)
    request = receive(channel, None)
    values = array.array("f", [-0.5] * math.prod(SHAPE))
    values[17] = {"nan": math.nan, "impossible": -1e6, "half an answer": math.inf}.get(behaviour, -0.5)
    if behaviour != "writes nothing":
        memory[ANSWER] = values.tobytes()
    answer = {"sequence": request["sequence"], "checksum": zlib.crc32(memory[ANSWER])}
    if behaviour == "old answer":
        answer["sequence"] -= 1
    if behaviour == "torn answer":
        memory[ANSWER.start] ^= 1
    if behaviour == "shortens the memory":
        try:
            os.ftruncate(task["memory"], 0)
        except PermissionError:
            send(channel, sequence=1, error="the memory is sealed")
    elif behaviour == "no message":
        channel.send(b"\x00\xff not json")
    elif behaviour == "no object":
        channel.send(b"[1, 2]")
    elif behaviour == "error":
        send(channel, sequence=request["sequence"], error="USB transfer error 2")
    elif behaviour == "dies":
        die("F usb_driver.cc:834] transfer on tag 1 failed. Abort.")
    elif behaviour != "silent":
        send(channel, **answer)
    receive(channel, None)


def die(words: str) -> None:
    """As libedgetpu does: a line on stderr, then abort()."""
    print(words, file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGABRT)


main(sys.argv[1], json.loads(sys.argv[2]))
