"""Embeddings as clouds of points (paper, figure 4): lengths, spectra, pairwise products. NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def summary(values: NDArray[Any]) -> dict[str, float]:
    """Mean, standard deviation, least and greatest of any array, in the array's own unit."""
    wide = np.asarray(values, dtype=np.float64)
    found = {"mean": wide.mean(), "std": wide.std(), "min": wide.min(), "max": wide.max()}
    return {name: float(value) for name, value in found.items()}


def covariance_eigenvalues(vectors: NDArray[Any]) -> Floats:
    """Eigenvalues of the covariance of the rows [n, d], falling: the min(n − 1, d) that n rows fix.

    They are the squared singular values of the centred rows over n − 1, which is more exact than
    forming the covariance.
    """
    wide = np.asarray(vectors, dtype=np.float64)
    centred = wide - wide.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)
    eigenvalues: Floats = singular[: len(wide) - 1] ** 2 / (len(wide) - 1)
    return eigenvalues


def pairwise(vectors: NDArray[Any]) -> Floats:
    """Inner products of all pairs of different rows [n, d]: [n·(n − 1)/2]."""
    wide = np.asarray(vectors, dtype=np.float64)
    return (wide @ wide.T)[np.triu_indices(len(wide), k=1)]


def spread(values: NDArray[Any]) -> dict[str, Any]:
    """The summary of many values with their quantiles at `SHARES`."""
    quantiles = np.quantile(values, SHARES).tolist()
    return {**summary(values), "shares": list(SHARES), "quantiles": quantiles}


def cloud(vectors: NDArray[Any]) -> dict[str, Any]:
    """Everything about rows [n, d]: lengths, spectrum of the covariance, products, cosines."""
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=1)
    eigenvalues = covariance_eigenvalues(wide)
    return {
        "vectors": len(wide),
        "norm": spread(lengths),
        "eigenvalues": eigenvalues.tolist(),
        "condition": float(eigenvalues[0] / eigenvalues[-1]),
        "dot": spread(pairwise(wide)),
        "cosine": spread(pairwise(wide / np.maximum(lengths, 1e-30)[:, None])),
    }
