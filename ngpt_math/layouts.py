"""The names of other people's tensors: which there are, their shapes, and where each goes in ours.

NVIDIA's names and shapes are those of `model.py` in NVIDIA/ngpt, the others those of nGPT-pytorch
0.2.10. Both put a rotary pair's two rows of W_q and W_k side by side; ours lie d_k/2 apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ngpt_math.config import ModelConfig
from ngpt_math.errors import UsageError
from ngpt_math.files import shown
from ngpt_math.foreign import RAW, Row, Source

FOUND = ("vocab", "d_model", "layers", "heads", "d_head", "d_mlp")


def layout_of(source: Source) -> str:
    """Whose names these are.

    Raises:
        StudioError: nobody's that is known here.
    """
    if "transformer.wte.weight" in source.tensors:
        return "nvidia"
    if f"token_embed.{linear(source)}" in source.tensors:
        return "lucidrains"
    raise source.refusal("no embedding is found under a name of theirs")


def layers_of(source: Source, prefix: str) -> int:
    """How many layers there are under `prefix`."""
    numbers = {n.removeprefix(prefix).split(".")[0] for n in source.tensors if n.startswith(prefix)}
    return len(numbers)


def measure_nvidia(source: Source, settings: Mapping[str, Any]) -> dict[str, int]:
    """The shape of a model in NVIDIA's layout; how many heads is kept beside the tensors."""
    vocab, d_model = source.look("transformer.wte.weight", None, None).shape
    inner, _ = source.look("transformer.h.0.query.weight", None, d_model).shape
    _, d_mlp = source.look("transformer.h.0.mlp_c_proj.weight", d_model, None).shape
    heads = settings.get("heads", source.arguments.get("n_head"))
    if not isinstance(heads, int) or heads < 1 or inner % heads:
        problem = f"{shown(source.path)} does not say how many heads share {inner} rows"
        raise UsageError(problem, "give heads")
    layers = layers_of(source, "transformer.h.")
    return dict(zip(FOUND, (vocab, d_model, layers, heads, inner // heads, d_mlp), strict=True))


def measure_lucidrains(source: Source) -> dict[str, int]:
    """The shape of a model in nGPT-pytorch's layout; its rotary table tells d_k."""
    (half,) = source.look("rotary_embed.freqs", None).shape
    vocab, d_model = source.look(f"token_embed.{linear(source)}", None, None).shape
    inner, _ = source.look(f"layers.0.0.fn.to_q.{linear(source)}", None, d_model).shape
    d_mlp, _ = source.look(f"layers.0.1.fn.to_hidden.{linear(source)}", None, d_model).shape
    if not half or inner % (2 * half):
        raise source.refusal(f"heads of {2 * half} do not share {inner} rows")
    layers, d_head = layers_of(source, "layers."), 2 * half
    return dict(zip(FOUND, (vocab, d_model, layers, inner // d_head, d_head, d_mlp), strict=True))


@dataclass(frozen=True, slots=True)
class Part:
    """A tensor of theirs and where it goes.

    Attributes:
        name: theirs. shape: what it must have.
        targets: our parameters, which share its rows equally; several parts of one target follow
            on each other.
        axis: of the unit vectors; None for scales.
        paired: its rows follow rotary pairs.
    """

    name: str
    shape: tuple[int, ...]
    targets: tuple[str, ...]
    axis: int | None = None
    paired: bool = False


def parts_nvidia(config: ModelConfig) -> Iterator[Part]:
    """NVIDIA's tensors: c_fc holds W_u above W_ν, and suv s_u before s_ν."""
    d, inner, wide = config.d_model, config.heads * config.d_head, config.d_mlp
    yield Part("transformer.wte.weight", (config.vocab, d), ("embed.weight",), 1)
    yield Part("lm_head.weight", (config.vocab, d), ("unembed.weight",), 1)
    yield Part("sz", (config.vocab,), ("s_logit.stored",))
    for layer in range(config.layers):
        of, to = f"transformer.h.{layer}", f"blocks.{layer}"
        for name in ("query", "key", "value"):
            qkv = (f"{to}.attention.qkv.weight",)
            yield Part(f"{of}.{name}.weight", (inner, d), qkv, 1, paired=name != "value")
        yield Part(f"{of}.att_c_proj.weight", (d, inner), (f"{to}.attention.out.weight",), 0)
        yield Part(f"{of}.c_fc.weight", (2 * wide, d), (f"{to}.mlp.hidden_gate.weight",), 1)
        yield Part(f"{of}.mlp_c_proj.weight", (d, wide), (f"{to}.mlp.out.weight",), 0)
        yield Part(f"{of}.attn_alpha", (d,), (f"{to}.alpha_attention.stored",))
        yield Part(f"{of}.mlp_alpha", (d,), (f"{to}.alpha_mlp.stored",))
        yield Part(f"{of}.sqk", (inner,), (f"{to}.attention.s_qk.stored",), paired=True)
        both = (f"{to}.mlp.s_hidden.stored", f"{to}.mlp.s_gate.stored")
        yield Part(f"{of}.suv", (2 * wide,), both)


def parts_lucidrains(source: Source, config: ModelConfig) -> Iterator[Part]:
    """The tensors of nGPT-pytorch."""
    d, inner, wide = config.d_model, config.heads * config.d_head, config.d_mlp
    weight = linear(source)
    yield Part(f"token_embed.{weight}", (config.vocab, d), ("embed.weight",), 1)
    yield Part(f"to_logits.{weight}", (config.vocab, d), ("unembed.weight",), 1)
    yield Part("logit_scale.scale", (config.vocab,), ("s_logit.stored",))
    for layer in range(config.layers):
        a, m, to = f"layers.{layer}.0", f"layers.{layer}.1", f"blocks.{layer}"
        for name in "qkv":
            qkv = (f"{to}.attention.qkv.weight",)
            yield Part(f"{a}.fn.to_{name}.{weight}", (inner, d), qkv, 1, paired=name != "v")
        yield Part(f"{a}.fn.to_out.{weight}", (d, inner), (f"{to}.attention.out.weight",), 0)
        for name in ("hidden", "gate"):
            both = (f"{to}.mlp.hidden_gate.weight",)
            yield Part(f"{m}.fn.to_{name}.{weight}", (wide, d), both, 1)
        yield Part(f"{m}.fn.to_out.{weight}", (d, wide), (f"{to}.mlp.out.weight",), 0)
        yield Part(f"{a}.branch_scale.scale", (d,), (f"{to}.alpha_attention.stored",))
        yield Part(f"{m}.branch_scale.scale", (d,), (f"{to}.alpha_mlp.stored",))
        s_qk = (f"{to}.attention.s_qk.stored",)
        yield Part(f"{a}.fn.qk_scale.scale", (inner,), s_qk, paired=True)
        yield Part(f"{m}.fn.hidden_scale.scale", (wide,), (f"{to}.mlp.s_hidden.stored",))
        yield Part(f"{m}.fn.gate_scale.scale", (wide,), (f"{to}.mlp.s_gate.stored",))


def linear(source: Source) -> str:
    """What follows a linear map's name: raw weights under a parametrization, or plain ones."""
    raw = f"linear.{RAW}"
    return raw if f"token_embed.{raw}" in source.tensors else "linear.weight"


def check_rotary(source: Source, config: ModelConfig) -> None:
    """Drop the table of frequencies, which ours works out itself.

    Raises:
        StudioError: it is another table.
    """
    half = config.d_head // 2
    usual = config.rope_base ** (-torch.arange(half) / half)
    if not torch.allclose(source.look("rotary_embed.freqs", half), usual, rtol=1e-4):
        raise source.refusal(f"rotary_embed.freqs is not of base {config.rope_base:g}")
    source.drop(Row("rotary_embed.freqs", "", "left out"))
