"""The nGPTs that others published, told apart from the paper's by their settings. No torch.

No public code is exactly the paper's. `as_in("lucidrains", config)` gives a model of the same shape
as that code would build it; `compare` lists what then differs. Sources: arXiv 2410.01131; the
repository NVIDIA/ngpt; the package nGPT-pytorch 0.2.10.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ngpt_math.config import ModelConfig, preset
from ngpt_math.errors import UsageError

VARIANTS = ("paper", "nvidia", "lucidrains")

# What each setting is in the paper, and what it does. `compare` looks every difference up here.
MEANING: Mapping[str, tuple[str, str]] = {
    "d_mlp": ("d_MLP", "width of each MLP branch: 4d; with lucidrains two thirds of that"),
    "alpha_init": ("α_A, α_M", "where α starts: 0.05; with lucidrains 1/layers"),
    "s_qk_scale": (
        "s_qk",
        "stored start: 1/√d; with lucidrains 1/d, so it learns √d times as fast",
    ),
    "parametrize": ("–", "weights normalized when read, not after each step; stored ones drift"),
    "unit_embedding": ("E_in", "embeddings enter at length 1 whatever norm_eps and groups are"),
    "rope": ("RoPE", "NVIDIA's public table is no rotation: lengths and offsets are not kept"),
    "s_qk_on_keys": ("s_qk", "multiplies q and k, so that a logit carries its square; or q alone"),
    "alpha_abs": (
        "α_A, α_M",
        "|α| in the forward pass, or α signed: below zero it moves away",
    ),
    "root_on_hidden": ("s_u", "√d on u as on the gate; Norm(h_M) cancels it"),
    "renormalize": (
        "h",
        "h normalized again before each update: 8 norms a layer for 6, no effect",
    ),
    "value_residual": ("–", "v averaged with the first layer's, from ResFormer; not in the paper"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the three are not alike.

    Attributes:
        setting: name of the `ModelConfig` setting, or what it concerns where there is no setting.
        symbol: the paper's, – where it has none.
        values: by variant.
        meaning: what it does.
        reproduced: whether a setting here does as theirs. Where not, ours does as the paper says.
    """

    setting: str
    symbol: str
    values: Mapping[str, Any]
    meaning: str
    reproduced: bool = True


NO_SETTING = " (no setting)"

# What settings do not say. Ours is the paper's column.
NOT_REPRODUCED = (
    Difference(
        "weight dtype", "–", {"paper": "bf16", "nvidia": "bf16, fp32", "lucidrains": "fp32"},
        "NVIDIA: bf16 in blocks, fp32 for embeddings and scales; ours fp32", False,
    ),
    Difference(
        "Norm of zero", "Norm", {"paper": "undefined", "nvidia": "NaN", "lucidrains": "0"},
        "a vector without direction; ours stays zero", False,
    ),
    Difference(
        "group norms", "–", {"paper": "–", "nvidia": "–", "lucidrains": "across groups"},
        "groups of columns: lucidrains takes norms across them; ours are 1 each",
        False,
    ),
)  # fmt: skip


def as_in(variant: str, config: ModelConfig) -> ModelConfig:
    """The paper's nGPT `config` as "paper", "nvidia" or "lucidrains" would build it.

    norm_eps, groups and whether q and k are normalized stay as they are: lucidrains has them too.

    Raises:
        UsageError: there is no such variant.
    """
    if variant not in VARIANTS:
        raise UsageError(f"there is no variant {variant!r}", f"choose from {', '.join(VARIANTS)}")
    return dataclasses.replace(config, **choices(variant, config))


def choices(variant: str, config: ModelConfig) -> dict[str, Any]:
    """The settings in which a variant leaves the paper."""
    if variant == "nvidia":
        return {"rope": "nvidia", "root_on_hidden": True, "renormalize": True}
    if variant == "lucidrains":
        return {
            "d_mlp": int(config.d_model * 4 * 2 / 3),
            "alpha_init": 1 / config.layers,
            "s_qk_scale": 1 / config.d_model,
            "parametrize": True,
            "unit_embedding": False,
            "s_qk_on_keys": False,
            "alpha_abs": False,
            "value_residual": True,
        }
    return {}


def compare(shape: str = "paper-0.5b") -> list[Difference]:
    """Every setting in which the variants differ at a preset's shape, and what settings cannot say.

    Raises:
        UsageError: there is no such preset.
    """
    config, _ = preset(shape, "ngpt")
    built = {variant: as_in(variant, config) for variant in VARIANTS}
    rows = []
    for field in dataclasses.fields(ModelConfig):
        values = {variant: value_of(made, field.name) for variant, made in built.items()}
        if len(set(values.values())) > 1:
            symbol, meaning = MEANING[field.name]
            rows.append(Difference(field.name, symbol, values, meaning))
    return [*rows, *NOT_REPRODUCED]


def value_of(config: ModelConfig, name: str) -> Any:
    """A setting's value; a scale of None is the number it stands for."""
    value = getattr(config, name)
    if name.endswith("_scale"):
        return config.scale_or_default(value)
    return value


def table(rows: list[Difference]) -> str:
    """The list as text for a terminal: one block of columns, the meaning below each line."""
    head = ("setting", "symbol", *VARIANTS)
    values = ([words(row.values[variant]) for variant in VARIANTS] for row in rows)
    cells = [head, *((r.setting, r.symbol, *v) for r, v in zip(rows, values, strict=True))]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    shown = [lines[0].rstrip()]
    for row, line in zip(rows, lines[1:], strict=True):
        shown += [line.rstrip(), f"    {row.meaning}{'' if row.reproduced else NO_SETTING}"]
    return "\n".join(shown)


def words(value: Any) -> str:
    """A setting's value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
