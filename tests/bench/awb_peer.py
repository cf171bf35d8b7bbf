"""The peer: a network shaped like the one that libcamera ships disabled, trained as its makers train it.

Source: raspberrypi/awb_nn a21e142 (BSD-3-Clause), `train.py` and `auto_train.py`, written anew for PyTorch: noise,
log colours beside log lux, a flip, rotation and zoom, 3 x 3 convolutions with pooling, a softmax over ten temperatures
weighted by its squares, squared mired as the loss, Adam, a rate that halves on plateaus, the weights of the best epoch.
We depart in four points: batches are drawn anew in each epoch; rotation and zoom are one resampling, not two; the best
epoch is counted without augmentation, as its makers' checks count; and of `auto_train.py` one round is run unless more
are asked for: each later one repeats the worst training picture eight times more, and goes on from the last weights.
On david's pictures (vc4), held out, six rounds gave 16.8, 16.6, 15.7, 18.0, 17.6 and 17.5 mired: no trend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accelerators.published.pictures import LabelledPicture
from isp.light_estimate import Judge, LightEstimate
from isp.light_statistics import WHITE, LightStatistics

INSTALL = "pip install '.[training]'"
REPEATED = 8
CLASSES_K = np.linspace(2800.0, 7600.0, 10)
EPOCHS, BATCH, RATE, DROPOUT = 200, 8, 1e-3, 0.1
# Keras stops after 25 epochs without a better loss, and halves the rate after 10.
PATIENCE, PLATEAU, FIRST_EPOCH, LOWEST_RATE = 25, 10, 10, 1e-7
COLOUR_NOISE, LUX_NOISE, TURN, ZOOM = 0.1, 0.2, 0.1, 0.1


@dataclass(frozen=True)
class Shape:
    """auto_train.py's choice for a platform."""

    channels: int
    convolutions: int


SHAPES = {"pisp": Shape(16, 3), "vc4": Shape(32, 2)}


def is_installed() -> bool:
    """Whether PyTorch is there."""
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def train(pictures: Sequence[LabelledPicture], seed: int = 1, rounds: int = 1) -> Judge:
    """A judge whose networks, one for each platform as its makers have it, were trained on these pictures."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)  # so small a network only waits for a second one
    networks = {}
    for size in sorted({picture.zones.shape[:2] for picture in pictures}):
        of_size = [picture for picture in pictures if picture.zones.shape[:2] == size]
        networks[size] = _network(SHAPES[of_size[0].platform], size)
        tensors = _tensors(of_size)
        drawn = torch.arange(len(of_size))
        for _ in range(rounds):
            _train(networks[size], *tensors, drawn)
            worst = _errors(networks[size], *tensors).argmax()
            drawn = torch.cat([drawn, worst.expand(REPEATED)])

    def judge(statistics: LightStatistics) -> LightEstimate:
        zones, lux = _tensor([statistics.zones]).permute(0, 3, 1, 2) / WHITE, _tensor([max(statistics.lux, 1.0)])
        with torch.no_grad():
            temperature_k = float(_temperature(networks[statistics.zones.shape[:2]](_prepared(zones, lux))))
        return LightEstimate(statistics.tuning.grey_at(temperature_k), temperature_k, source="learned", trust=1.0)

    return judge


def _network(shape: Shape, size: tuple[int, int]):
    """Convolutions, each followed by pooling but the last; then ten classes."""
    from torch import nn

    layers, channels, (rows, columns) = [], 3, size
    for index in range(shape.convolutions):
        wider = shape.channels * 2**index
        layers += [nn.Conv2d(channels, wider, 3), nn.ReLU()]
        channels, rows, columns = wider, rows - 2, columns - 2
        if index < shape.convolutions - 1:
            layers.append(nn.MaxPool2d(2))
            rows, columns = rows // 2, columns // 2
    layers += [nn.Flatten(), nn.Dropout(DROPOUT), nn.Linear(channels * rows * columns, len(CLASSES_K))]
    for layer in layers:
        if hasattr(layer, "weight"):  # Keras' start
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def _train(network, zones, lux, true_k, drawn) -> None:
    """Until the loss no longer falls; leaves the weights of the best epoch. `drawn` are the indices of an epoch."""
    import torch

    adam = torch.optim.Adam(network.parameters(), RATE, eps=1e-7)
    slower = torch.optim.lr_scheduler.ReduceLROnPlateau(
        adam, factor=0.5, patience=PLATEAU, min_lr=LOWEST_RATE, threshold=1e-4, threshold_mode="abs"
    )
    best, kept, since = math.inf, None, 0
    for epoch in range(EPOCHS):
        network.train()
        for batch in drawn[torch.randperm(len(drawn))].split(BATCH):
            noisy = zones[batch] * (1 + _uniform(zones[batch].shape, COLOUR_NOISE))
            noisy_lux = lux[batch] * (1 + _uniform(lux[batch].shape, LUX_NOISE))
            loss = _loss(network(_moved(_prepared(noisy, noisy_lux))), true_k[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
        network.eval()
        with torch.no_grad():
            loss = float(_loss(network(_prepared(zones, lux))[drawn], true_k[drawn]))
        slower.step(loss)
        if loss < best:
            best, since = loss, 0
            kept = {name: values.clone() for name, values in network.state_dict().items()}
        elif epoch >= FIRST_EPOCH:
            since += 1
            if since >= PATIENCE:
                break
    network.load_state_dict(kept)
    network.eval()


def _prepared(zones, lux):
    """(n, 3, rows, columns): log red/green, log lux, log blue/green, each brought to 0 .. 1 as PreprocessImage does."""
    import torch

    green = zones[:, 1].clamp(0.1, 1.0)
    red, blue = ((torch.log((zones[:, index] / green).clamp(0.01, 1.0)) + 1.0) / 2.0 for index in (0, 2))
    light = (torch.log(lux) / 10.0).reshape(-1, 1, 1).expand_as(green)
    return torch.stack([red, light, blue], dim=1).clamp(0.0, 1.0)


def _moved(pictures):
    """Flipped by chance, turned by up to a tenth of a circle and zoomed by up to a tenth; edges are mirrored."""
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    count, _, rows, columns = pictures.shape
    angle = 2 * math.pi * _uniform((count,), TURN)
    size = 1 + _uniform((count,), ZOOM)
    flip = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    shape = rows / columns  # a turn of pixels, not of the unit square
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0], matrix[:, 0, 1] = flip * size * torch.cos(angle), -flip * size * torch.sin(angle) * shape
    matrix[:, 1, 0], matrix[:, 1, 1] = size * torch.sin(angle) / shape, size * torch.cos(angle)
    grid = affine_grid(matrix, list(pictures.shape), align_corners=False)
    return grid_sample(pictures, grid, "bilinear", "reflection", align_corners=False)


def _temperature(scores):
    """The classes' mean, weighted by the squares of their shares."""
    import torch

    weights = torch.softmax(scores, dim=1) ** 2
    return weights @ torch.tensor(CLASSES_K, dtype=torch.float32) / weights.sum(dim=1)


def _errors(network, zones, lux, true_k):
    """(n,) in mired; what lies beyond its classes is not held against it."""
    import torch

    with torch.no_grad():
        return (1e6 / _temperature(network(_prepared(zones, lux))) - 1e6 / true_k.clamp(*CLASSES_K[[0, -1]])).abs()


def _loss(scores, true_k):
    return ((1e6 / _temperature(scores) - 1e6 / true_k) ** 2).mean() / 1000.0


def _uniform(shape, most: float):
    import torch

    return (2 * torch.rand(shape) - 1) * most


def _tensors(pictures: Sequence[LabelledPicture]):
    """Zones 0 .. 1 (n, 3, rows, columns), lux and true temperature."""
    zones = _tensor([picture.zones for picture in pictures]).permute(0, 3, 1, 2) / WHITE
    # A scene whose light was rounded to none has a logarithm too.
    return zones, _tensor([max(picture.lux, 1.0) for picture in pictures]), _tensor([one.true_k for one in pictures])


def _tensor(values):
    import torch

    return torch.tensor(np.asarray(values, dtype=np.float32))
