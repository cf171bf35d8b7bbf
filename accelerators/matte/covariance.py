"""Sums with a 3 x 3 covariance of colours at every pixel, plane by plane: there are too many pixels for a solver."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Planes = Sequence[np.ndarray]
# A symmetric 3 x 3 matrix in six planes, in this order of rows and columns.
PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def covariance(means: Planes, products: Planes, added: float) -> list[np.ndarray]:
    """Six planes of E[colour colour'] - E[colour] E[colour]', with `added` on the diagonal.

    means     three planes: mean of each colour
    products  six planes in the order of PAIRS: mean of the product of two colours
    """
    return [
        products[index] - means[row] * means[column] + (np.float32(added) if row == column else np.float32(0))
        for index, (row, column) in enumerate(PAIRS)
    ]


def products_of(colours: Planes) -> list[np.ndarray]:
    """Six planes: each pair of colours multiplied."""
    return [colours[row] * colours[column] for row, column in PAIRS]


def inverse(matrix: Planes) -> tuple[list[np.ndarray], np.ndarray]:
    """The inverse, six planes, and the logarithm of the determinant. The matrix must be positive definite.

    By L D L': cofactors lose all digits of a grey picture, whose three colours are one, in float32.
    """
    rr, rg, rb, gg, gb, bb = matrix
    down_g, down_b = rg / rr, rb / rr
    left_g = gg - down_g * rg
    mixed = gb - down_g * rb
    across = mixed / left_g
    left_b = bb - down_b * rb - across * mixed
    # The rows of L^-1 are (1, 0, 0), (-down_g, 1, 0), (down_g across - down_b, -across, 1).
    corner = down_g * across - down_b
    last = 1 / left_b
    middle = 1 / left_g
    return [
        1 / rr + down_g * down_g * middle + corner * corner * last,
        -down_g * middle - corner * across * last,
        corner * last,
        middle + across * across * last,
        -across * last,
        last,
    ], np.log(rr) + np.log(left_g) + np.log(left_b)


def times(matrix: Planes, vector: Planes) -> list[np.ndarray]:
    """The symmetric matrix times the vector, three planes."""
    rr, rg, rb, gg, gb, bb = matrix
    red, green, blue = vector
    return [rr * red + rg * green + rb * blue, rg * red + gg * green + gb * blue, rb * red + gb * green + bb * blue]


def each(planes: Planes, change: Callable[[np.ndarray], np.ndarray]) -> list[np.ndarray]:
    """`change` done to every plane."""
    return [change(plane) for plane in planes]
