"""Runs the trained models and writes down what the chapters show.

`record(CHAPTER)` writes a chapter's recording; `check(CHAPTER)` derives it again and compares. Both
take other checkpoints in place of the shipped ones: `checkpoints={"mini ngpt": path}`, with the
vocabulary of those that have none of this project's: `given=Given(path)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ngpt_math import recordings
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import ROOT, shown
from ngpt_math.record.attention import attention
from ngpt_math.record.closing import closing
from ngpt_math.record.full_architecture import full_architecture
from ngpt_math.record.l2_norm_shell import l2_norm_shell
from ngpt_math.record.models import Models, role, roles, source_name
from ngpt_math.record.normlinear_groups import normlinear_groups
from ngpt_math.record.opening import opening
from ngpt_math.record.scale_management import scale_management
from ngpt_math.record.slerp_vs_lerp import slerp_vs_lerp
from ngpt_math.record.traditional_vs_normalized import traditional_vs_normalized
from ngpt_math.recordings import Recording
from ngpt_math.recordings.format import remake
from ngpt_math.vocabulary import Given

MAKERS: Mapping[str, Callable[[Models], Recording]] = {
    "opening": opening,
    "traditional_vs_normalized": traditional_vs_normalized,
    "l2_norm_shell": l2_norm_shell,
    "normlinear_groups": normlinear_groups,
    "slerp_vs_lerp": slerp_vs_lerp,
    "attention": attention,
    "scale_management": scale_management,
    "full_architecture": full_architecture,
    "closing": closing,
}
TOLERANCE = 1e-5
Checkpoints = Mapping[str, Path]

__all__ = [
    "MAKERS", "TOLERANCE", "Checkpoints", "Given", "check", "difference", "make", "place", "record",
    "role", "roles",
]  # fmt: skip


def make(
    chapter: str, checkpoints: Checkpoints | None = None, given: Given | None = None
) -> Recording:
    """Derive a chapter's recording from the committed checkpoints.

    Args:
        checkpoints: files that take the place of shipped ones, by model name; `role` gives the name
            that a file can stand for.
        given: the vocabulary of those that have none of this project's.

    Raises:
        UsageError: there is no such chapter, or a checkpoint cannot stand where it was put.
        NothingKept: the chapter shows more of a training than is known of a checkpoint's.
        DamagedFile: a checkpoint or the corpus is missing or damaged.
    """
    if chapter not in MAKERS:
        raise UsageError(
            f"no recording is made for {chapter!r}", f"choose from {', '.join(MAKERS)}"
        )
    return MAKERS[chapter](Models(checkpoints or {}, given))


def record(
    chapter: str, path: Path | None = None, checkpoints: Checkpoints | None = None,
    given: Given | None = None,
) -> Path:  # fmt: skip
    """Write a chapter's recording and its card; gives the recording's path.

    Raises:
        UsageError: the models cannot be shown side by side; and as `make`.
    """
    path = path or recordings.default_path(chapter)
    options = [f" --checkpoint {source_name(file)}" for file in (checkpoints or {}).values()]
    options += [f" --tokenizer {given.path.name}"] if given else []
    made_by = f"ngpt record {chapter}{''.join(options)}"
    made = make(chapter, checkpoints, given)
    try:
        recordings.save(made, path, made_by)
    except ValueError as error:
        problem = f"{chapter} cannot show these models together: {error}"
        raise UsageError(problem, "choose models that were trained alike") from error
    return path


def place(checkpoints: Checkpoints, out: Path | None = None) -> Path | None:
    """The folder of recordings made from `checkpoints`; None is the shipped ones' place.

    Those of other models never take the place of the shipped ones: without `out` they go to
    `runs/recordings/NAME`, named after the first checkpoint.
    """
    if out is not None or not checkpoints:
        return out
    first = next(iter(checkpoints.values()))
    name = first.parent.name if first.stem == "model" else first.stem
    return ROOT / "runs" / "recordings" / name


def check(
    chapter: str, path: Path | None = None, checkpoints: Checkpoints | None = None,
    given: Given | None = None,
) -> float:  # fmt: skip
    """Derive a chapter's recording again, compare it with the file and give the largest difference.

    Nothing is written.

    Raises:
        StudioError: a number differs by more than 1e-5, or a text or a source differs; it names the
            field.
        DamagedFile: the recording or a checkpoint is missing or damaged.
    """
    fresh = make(chapter, checkpoints, given)
    path = path or recordings.default_path(chapter)
    kept = recordings.load(type(fresh), path)
    remedy = remake(chapter, path)
    for name in ("sources", *fresh.texts()):
        if getattr(fresh, name) != getattr(kept, name):
            raise StudioError(f"{shown(path)}: {name} is not what the models give now", remedy)
    worst = 0.0
    for name, _, values in recordings.fields(fresh):
        off = difference(values, getattr(kept, name))
        if off > TOLERANCE:
            raise StudioError(f"{shown(path)}: {name} differs from the models by {off:.1e}", remedy)
        worst = max(worst, off)
    return worst


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Largest distance between two arrays; infinite if their shapes differ."""
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a - b).max(initial=0.0))
