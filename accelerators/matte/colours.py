"""How much more a pixel's colour speaks for the subject than for what is behind it.

Two witnesses, both in nats (log likelihood ratio, > 0 speaks for the subject):
the whole picture's colours, a mixture of Gaussians each for subject and background, fitted by GrabCut (Rother et al.
2004, "GrabCut: Interactive foreground extraction using iterated graph cuts", section 3); and the colours nearby, one
Gaussian each in a window around the pixel, weighted by how much every pixel is taken for the subject, as in
Chuang et al. 2001, "A Bayesian approach to digital matting", section 3. Nearby colours tell a brown dog from the brown
fence at the other end of the picture. Differs: the witnesses are capped and only weighed by contour.py.
"""

from __future__ import annotations

import numpy as np

from accelerators.matte.covariance import Planes, covariance, each, inverse, products_of, times
from accelerators.matte.sizes import enlarged, reduced
from accelerators.opencv import opencv

# GrabCut's mixture: five Gaussians of three means and nine covariances, after their five weights.
GAUSSIANS = 5
# The mixtures are fitted on a small copy: 30 000 pixels hold all colours.
FITTED_ON_PX = 200
FITS = 3
# Colours of 0 to 255 have at least this variance: a clipped sky has none of its own.
LEAST_VARIANCE_DN2 = 25.0
# Nearby colours, of 0 to 1, have at least this variance: (5 / 255)^2, noise and 8 bits.
LEAST_VARIANCE_NEARBY = 4e-4
# The window nearby (its sigma) reaches further than the network's edge can be off, which is a cell, 1/32.
NEARBY = 1 / 20
# Nearby statistics are smooth: they are kept at a quarter of the size.
NEARBY_STEP = 4
SURELY_NOT, SURELY = 0.05, 0.95
# No colour is surer of itself than these: mixtures know nothing of colours that they have not seen.
CAP_ANYWHERE, CAP_NEARBY = 6.0, 4.0


def anywhere(small: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """What all colours of the picture say.

    small        (h, w, 3) uint8 sRGB
    probability  (h, w) float32, 0 to 1; both sides of 1/2 must occur
    Returns (h, w) float32 nats.
    """
    cv2 = opencv()
    sample = reduced(small, FITTED_ON_PX)
    likely = reduced(probability, FITTED_ON_PX)
    trimap = np.where(likely > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[likely > SURELY] = cv2.GC_FGD
    trimap[likely < SURELY_NOT] = cv2.GC_BGD
    if not _has_both_sides(trimap):
        return np.zeros(small.shape[:2], np.float32)
    background, subject = np.zeros((1, 13 * GAUSSIANS)), np.zeros((1, 13 * GAUSSIANS))
    # GrabCut seeds its clusters by chance: the same picture shall have the same matte.
    cv2.setRNGSeed(0)
    cv2.grabCut(sample, trimap, None, background, subject, FITS, cv2.GC_INIT_WITH_MASK)
    pixels = small.astype(np.float32)
    ratio = _log_mixture(pixels, subject[0]) - _log_mixture(pixels, background[0])
    return np.clip(ratio, -CAP_ANYWHERE, CAP_ANYWHERE)


def nearby(colours: Planes, weight: np.ndarray) -> np.ndarray:
    """What the colours around each pixel say.

    colours  three (h, w) float32 planes, 0 to 1
    weight   (h, w) float32, 0 to 1: how much each pixel is taken for the subject
    Returns (h, w) float32 nats.
    """
    ratio = _log_nearby(colours, weight) - _log_nearby(colours, np.float32(1) - weight)
    return np.clip(ratio, -CAP_NEARBY, CAP_NEARBY)


def _has_both_sides(trimap: np.ndarray) -> bool:
    """GrabCut splits each side into five clusters: it needs as many pixels of either."""
    subject = np.count_nonzero(trimap & 1)
    return min(subject, trimap.size - subject) >= GAUSSIANS


def _log_mixture(pixels: np.ndarray, model: np.ndarray) -> np.ndarray:
    """(h, w) log likelihood under a mixture in GrabCut's layout."""
    weights, means, covariances = np.split(model, [GAUSSIANS, 4 * GAUSSIANS])
    total = np.full(pixels.shape[:2], 1e-12, np.float32)
    for weight, mean, spread in zip(weights, means.reshape(-1, 3), covariances.reshape(-1, 3, 3), strict=True):
        if weight > 0:
            spread = spread + LEAST_VARIANCE_DN2 * np.eye(3)
            whitening = np.linalg.cholesky(np.linalg.inv(spread)).T
            # The shift belongs into the same matrix: one pass over the picture.
            affine = np.column_stack([whitening, -whitening @ mean])
            apart = opencv().transform(pixels, affine.astype(np.float32))
            squared = sum(plane * plane for plane in opencv().split(apart))
            total += np.float32(weight / np.sqrt(np.linalg.det(spread))) * np.exp(np.float32(-0.5) * squared)
    return np.log(total)


def _log_nearby(colours: Planes, weight: np.ndarray) -> np.ndarray:
    """(h, w) log likelihood of each pixel under the Gaussian of its weighted neighbourhood."""
    cv2, shape = opencv(), weight.shape
    coarse = max(1, shape[1] // NEARBY_STEP), max(1, shape[0] // NEARBY_STEP)
    sigma_px = max(NEARBY * max(shape) / NEARBY_STEP, 0.5)

    def mean_around(plane: np.ndarray) -> np.ndarray:
        small = cv2.resize(plane, coarse, interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(small, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)

    # A trace of weight everywhere: where one side is far away its Gaussian is unspecific, not undefined.
    weight = weight + np.float32(1e-3)
    share = mean_around(weight)
    means = each(colours, lambda plane: mean_around(plane * weight) / share)
    products = each(products_of(colours), lambda plane: mean_around(plane * weight) / share)
    precision, log_determinant = inverse(covariance(means, products, LEAST_VARIANCE_NEARBY))
    apart = [plane - enlarged(mean, shape) for plane, mean in zip(colours, means, strict=True)]
    whitened = times(each(precision, lambda plane: enlarged(plane, shape)), apart)
    squared = sum(one * other for one, other in zip(apart, whitened, strict=True))
    return np.float32(-0.5) * (squared + enlarged(log_determinant, shape))
