"""Models of one or two operators, made in the test: real .tflite files for the real LiteRT."""

from __future__ import annotations

import numpy as np
from measures.small_networks import Network, schema

ZERO_POINTS, MIRRORED = {"uint8": 0, "int8": -128, "float32": 0}, {"uint8": 255, "int8": 127, "float32": 0}


def negative(dtype="uint8", size=(4, 5), scale=1 / 255, zero_point=None) -> bytes:
    """Each colour c, quantised, becomes -c."""
    network, shape = Network(), (1, *size, 3)
    zero = ZERO_POINTS[dtype] if zero_point is None else zero_point
    scale = None if dtype == "float32" else scale
    light = network.tensor(shape, dtype, None, scale, zero)
    dark = network.tensor(shape, dtype, None, scale, MIRRORED[dtype])
    nothing = network.tensor(shape, dtype, np.full(shape, zero), scale, zero)
    network.operator("SUB", [nothing, light], [dark], version=2 if dtype == "int8" else 1, options="SubOptions")
    return network.written([light], [dark])


def resized(scale_in: float, scale_out: float, size=(4, 5)) -> bytes:
    """RESIZE_BILINEAR to the same size. XNNPACK takes it, then fails when the scales differ, as in TOCO's old files."""
    network, shape = Network(), (1, *size, 3)
    light, wide = network.tensor(shape, scale=scale_in), network.tensor((2,), "int32", size, scale=None)
    out = network.tensor(shape, scale=scale_out)
    network.operator("RESIZE_BILINEAR", [light, wide], [out], options="ResizeBilinearOptions")
    return network.written([light], [out])


def largest_colour(size=(4, 5)) -> bytes:
    """ARG_MAX over the colours: class numbers as int64, as DeepLab's uncut models give them."""
    network = Network()
    light, axis = network.tensor((1, *size, 3), scale=1 / 255), network.tensor((), "int32", 3, scale=None)
    out = network.tensor((1, *size), "int64", scale=None)
    network.operator("ARG_MAX", [light, axis], [out], options="ArgMaxOptions", outputType=schema.TensorType.INT64)
    return network.written([light], [out])


def for_edge_tpu(size=(4, 5)) -> bytes:
    """What the Edge TPU's compiler leaves: one operator that only libedgetpu knows."""
    network = Network()
    light, out = (network.tensor((1, *size, 3), scale=1 / 255) for _ in range(2))
    network.operator("CUSTOM", [light], [out], custom="edgetpu-custom-op")
    return network.written([light], [out])


def divided(size=(4, 5)) -> bytes:
    """Float 1 / colour: infinite where the picture is black."""
    network, shape = Network(), (1, *size, 3)
    light, out = (network.tensor(shape, "float32", scale=None) for _ in range(2))
    one = network.tensor(shape, "float32", np.ones(shape), scale=None)
    network.operator("DIV", [one, light], [out], options="DivOptions")
    return network.written([light], [out])
