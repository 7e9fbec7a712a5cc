"""What is kept of a training: losses by step, and snapshots of the weights. NumPy only.

A history is a safetensors file of arrays. "loss" [steps] is the training loss of each step in nats
a token; "validation.step", "validation.loss" [evaluations] the loss on the same windows of the
validation text; "validation.whole" [1] the final loss on all of it; "snapshot.step" [S] the number
of steps made, and any other "snapshot.NAME" [S, ...] what was read off the model then (see
`measure`: norm.*, cond.*, scale.*, or weight.* for every parameter).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from ngpt_math.errors import DamagedFile
from ngpt_math.files import read_card, shown, whole_file, write_card

Arrays = dict[str, NDArray[Any]]
FORMAT = "ngpt-history/1"


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], header: dict[str, str]) -> None:
    """Write arrays to a safetensors file, wholly or not at all."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with whole_file(path) as temporary:
        save_file(contiguous, temporary, metadata=header)


def save_history(path: Path, arrays: Arrays, card: dict[str, Any]) -> None:
    """Write a history and its card."""
    save_arrays(path, arrays, {"format": FORMAT})
    write_card(path, {**card, "arrays": {name: list(a.shape) for name, a in arrays.items()}})


def load_history(path: Path, remake: str) -> Arrays:
    """Read and check a history.

    Raises:
        DamagedFile: it is missing, altered, or holds something else than its card says.
    """
    card = read_card(path, remake)
    try:
        with safe_open(path, framework="np") as file:
            if (file.metadata() or {}).get("format") != FORMAT:
                raise ValueError(f"this is not a file of format {FORMAT}")
        arrays = load_file(path)
        _check(arrays, card["arrays"])
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        raise DamagedFile(f"{shown(path)}: {error}", remake) from error
    return arrays


def _check(arrays: Arrays, shapes: Mapping[str, list[int]]) -> None:
    if set(arrays) != set(shapes):
        raise ValueError(f"expected {len(shapes)} arrays as its card lists, found {len(arrays)}")
    for name, array in arrays.items():
        if list(array.shape) != list(shapes[name]):
            raise ValueError(f"{name} has shape {list(array.shape)}, expected {shapes[name]}")
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError(f"{name} holds a value that is not a number")


def gather(files: list[Path]) -> Arrays:
    """Snapshots of single moments, files STEP.safetensors, stacked along a new first axis."""
    if not files:
        return {}
    moments = [load_file(file) for file in files]
    steps = np.array([int(file.stem) for file in files], dtype=np.int64)
    arrays = {f"snapshot.{name}": np.stack([m[name] for m in moments]) for name in moments[0]}
    return {**arrays, "snapshot.step": steps}
