"""A checkpoint in bf16 and in parts: small files for models that one small file cannot hold.

`NAME.safetensors.index.json` says what the model is and which part holds each tensor, as the index
files of Hugging Face do; each part is a safetensors file with a card of its own. bf16 keeps eight
bits of each number: weights read from it are near those that were trained, not the same, so the
card states the loss of what is in the file. The unit vectors of an nGPT are put back on the sphere
when they are read.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ngpt_math.checkpoint import Model, build_model, check_shapes
from ngpt_math.config import ModelConfig
from ngpt_math.errors import DamagedFile
from ngpt_math.files import read_card, shown, whole_file, write_card, write_json
from ngpt_math.ngpt import NGPT

FORMAT = "ngpt-shards/1"
SUFFIX = ".safetensors.index.json"
LIMIT = 15_000_000  # bytes of a part


def index_path(folder: Path, name: str) -> Path:
    """Where the index of a checkpoint in parts lies."""
    return folder / f"{name}{SUFFIX}"


def save_shards(
    folder: Path, name: str, model: Model, card: dict[str, Any], limit: int = LIMIT
) -> list[Path]:
    """Write a model in bf16, in parts of at most `limit` bytes, and give all files but cards.

    Raises:
        ValueError: one tensor alone is larger than `limit`.
    """
    weights = {n: p.detach().to("cpu", torch.bfloat16) for n, p in model.named_parameters()}
    parts = split(weights, limit)
    files = [folder / f"{name}-{at:05d}-of-{len(parts):05d}.safetensors"
             for at in range(1, len(parts) + 1)]  # fmt: skip
    for path, names in zip(files, parts, strict=True):
        tensors = {each: weights[each].contiguous() for each in names}
        with whole_file(path) as temporary:
            save_file(tensors, temporary, metadata={"format": FORMAT})
        write_card(path, {"what": f"weights of {name} in bf16, a part", **card})
    where = {each: path.name for path, names in zip(files, parts, strict=True) for each in names}
    index = index_path(folder, name)
    document = {"config": dataclasses.asdict(model.config), "weight_map": where, "format": FORMAT}
    write_json(index, document)
    write_card(index, {"what": f"which part holds which weights of {name}", **card})
    return [index, *files]


def split(weights: dict[str, Tensor], limit: int) -> list[list[str]]:
    """The names in order, parted so that each part holds at most `limit` bytes of numbers."""
    parts: list[list[str]] = [[]]
    room = limit
    for name, weight in weights.items():
        size = weight.numel() * weight.element_size()
        if size > limit:
            raise ValueError(f"{name} has {size:,} bytes, more than a part may have")
        if size > room:
            parts.append([])
            room = limit
        parts[-1].append(name)
        room -= size
    return parts


def load_shards(index: Path, remake: str) -> Model:
    """Read a model from its parts, in single precision, its unit vectors on the sphere.

    Raises:
        DamagedFile: names the file and what is wrong with it.
    """
    read_card(index, remake)
    try:
        document = json.loads(index.read_text())
        model = build_model(ModelConfig(**document["config"]))
        files = sorted(set(document["weight_map"].values()))
        weights = {
            n: w for file in files for n, w in read_part(index.parent / file, remake).items()
        }
        check_shapes(model, weights, torch.bfloat16)
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        raise DamagedFile(f"{shown(index)}: {error}", remake) from error
    return filled(model, weights)


def through_bf16(model: Model) -> Model:
    """The model that comes back when this one is written and read."""
    weights = {n: p.detach().to("cpu", torch.bfloat16) for n, p in model.named_parameters()}
    return filled(build_model(model.config), weights)


def filled(model: Model, weights: dict[str, Tensor]) -> Model:
    """The model with these weights in single precision, its unit vectors on the sphere."""
    model.load_state_dict({name: weight.float() for name, weight in weights.items()})
    if isinstance(model, NGPT):
        model.normalize_weights()
    return model


def read_part(path: Path, remake: str) -> dict[str, Tensor]:
    """The tensors of one part, checked against its card."""
    read_card(path, remake)
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
