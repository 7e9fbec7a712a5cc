"""Models in files: safetensors with the settings in its header, a card beside it, never pickle."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ngpt_math import sphere
from ngpt_math.config import KINDS, SHAPES, ModelConfig
from ngpt_math.errors import DamagedFile
from ngpt_math.files import ASSETS, read_card, shown, whole_file, write_card
from ngpt_math.gpt import GPT
from ngpt_math.ngpt import NGPT
from ngpt_math.ngpt_variants import VariantNGPT

FORMAT = "ngpt-checkpoint/1"
NORM_TOLERANCE = 1e-6

Model = NGPT | GPT


def build_model(config: ModelConfig) -> Model:
    """A new model with random weights from torch's generator."""
    if not config.normalized:
        return GPT(config)
    return NGPT(config) if config.as_printed else VariantNGPT(config)


def checkpoint_path(preset: str, kind: str) -> Path:
    """Where the shipped weights of a preset and kind lie, in one file or in parts."""
    parts = ASSETS / "checkpoints" / f"{preset}-{kind}.safetensors.index.json"
    return parts if parts.is_file() else ASSETS / "checkpoints" / f"{preset}-{kind}.safetensors"


def history_path(preset: str, kind: str) -> Path:
    """Where the shipped training history of a preset and kind lies."""
    return ASSETS / "checkpoints" / f"{preset}-{kind}.history.safetensors"


def remake(path: Path) -> str:
    """The remedy for a missing or damaged checkpoint or history: the command that made it."""
    preset, _, kind = path.name.split(".")[0].partition("-")
    if preset in SHAPES and kind in KINDS:
        return f"make it again with `ngpt train {preset} --kind {kind}`"
    return "make it again with `ngpt train PRESET --out FOLDER`"


def save_model(path: Path, model: Model, card: dict[str, Any]) -> None:
    """Write a model's weights and their card."""
    header = {"format": FORMAT, "config": json.dumps(dataclasses.asdict(model.config))}
    weights = {name: p.detach().cpu().contiguous() for name, p in model.named_parameters()}
    if isinstance(model, NGPT):  # parametrized weights are kept as the forward pass uses them
        used = {f"{name}.weight": m.effective() for name, m in model.constrained()}
        weights |= {name: w.detach().cpu().contiguous() for name, w in used.items()}
    with whole_file(path) as temporary:
        save_file(weights, temporary, metadata=header)
    write_card(path, card)


def load_model(path: Path) -> Model:
    """Read a model that was checked whole: card, shapes, dtype, finite numbers, norms.

    Raises:
        DamagedFile: names the file, what is wrong with it and the command that remakes it.
    """
    if path.name.endswith(".index.json"):
        from ngpt_math.shards import load_shards  # which builds on this module

        return load_shards(path, remake(path))
    read_card(path, remake(path))
    try:
        config, weights = read_weights(path)
        model = build_model(config)
        check_weights(model, weights)
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise DamagedFile(f"{shown(path)}: {reason}", remake(path)) from error
    model.load_state_dict(weights)
    return model


def read_weights(path: Path) -> tuple[ModelConfig, dict[str, Tensor]]:
    """The settings and the tensors of a checkpoint, not yet checked against each other."""
    with safe_open(path, framework="pt") as file:
        header = file.metadata() or {}
        if header.get("format") != FORMAT:
            raise ValueError(f"this is not a file of format {FORMAT}")
        config = ModelConfig(**json.loads(header["config"]))
        return config, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def check_weights(model: Model, weights: dict[str, Tensor]) -> None:
    """Compare tensors with what the model needs.

    Raises:
        ValueError: a tensor is missing, unknown, of another shape or dtype, not finite, or should
            hold unit vectors and does not.
    """
    check_shapes(model, weights, torch.float32)
    if isinstance(model, NGPT):
        for name, module in model.constrained():
            error = norm_error(weights[f"{name}.weight"], module.norm_axis, model.config)
            if error > NORM_TOLERANCE:
                raise ValueError(
                    f"{name}.weight should hold unit vectors, one is off by {error:.1e}"
                )


def check_shapes(model: Model, weights: dict[str, Tensor], dtype: torch.dtype) -> None:
    """The same but for the lengths of vectors.

    Raises:
        ValueError: a tensor is missing, unknown, of another shape or dtype, or not finite.
    """
    expected = dict(model.named_parameters())
    for name in sorted(set(expected) ^ set(weights)):
        raise ValueError(f"{name} is {'missing' if name in expected else 'not part of the model'}")
    for name, tensor in weights.items():
        if tensor.shape != expected[name].shape:
            raise ValueError(
                f"{name} has shape {list(tensor.shape)}, expected {list(expected[name].shape)}"
            )
        if tensor.dtype != dtype:
            raise ValueError(f"{name} has dtype {tensor.dtype}, expected {dtype}")
        if not tensor.isfinite().all():
            raise ValueError(f"{name} holds a value that is not a finite number")


def norm_error(weight: Tensor, axis: int, config: ModelConfig) -> float:
    """How far the worst vector of a weight lies outside its shell, group by group."""
    parts = weight.double().movedim(axis, -1).unflatten(-1, (config.groups, -1))
    distance = (sphere.norm(parts) - 1).abs() - config.norm_eps
    return float(distance.max())
