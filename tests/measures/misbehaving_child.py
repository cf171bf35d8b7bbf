"""A child process that speaks the protocol wrongly in one way. Run by path: BEHAVIOUR, then the task as JSON."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

import numpy as np

from accelerators.runtime.messages import receive, send
from accelerators.runtime.shared_tensors import SharedTensors

SHAPE = (4, 5, 3)


def main(behaviour: str, task: dict) -> None:
    channel = socket.socket(fileno=task["channel"])
    tensors = SharedTensors(task["memory"], SHAPE, SHAPE)
    if behaviour == "wrong hello":
        send(channel, ready=True, output=[33, 33, 21])
        receive(channel, None)
    if behaviour == "never ready":
        receive(channel, None)
    if behaviour == "dies before hello":
        print("terminate called without an active exception", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGABRT)
    send(channel, ready=True, output=list(SHAPE))
    request = receive(channel, None)
    tensors.values[...] = -0.5
    answer = {"sequence": request["sequence"], "checksum": tensors.checksum()}
    if behaviour == "old answer":
        answer["sequence"] -= 1
    if behaviour == "torn answer":
        tensors.values[2] = -0.25
    if behaviour in ("nan", "impossible", "half an answer"):
        tensors.values[3, 4] = {"nan": np.nan, "impossible": -1e6, "half an answer": np.inf}[behaviour]
        answer["checksum"] = tensors.checksum()
    if behaviour == "no message":
        channel.send(b"\x00\xff not json")
    elif behaviour == "no object":
        channel.send(b"[1, 2]")
    elif behaviour == "error":
        send(channel, sequence=request["sequence"], error="USB transfer error 2")
    elif behaviour == "dies":
        print("F usb_driver.cc:834] transfer on tag 1 failed. Abort.", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGABRT)
    elif behaviour != "silent":
        send(channel, **answer)
    receive(channel, None)


main(sys.argv[1], json.loads(sys.argv[2]))
