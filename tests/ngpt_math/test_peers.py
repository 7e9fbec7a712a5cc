"""Agreement with an implementation written by somebody else: nGPT-pytorch 0.2.10.

With its options set to the paper's (no value residual, α starting at 0.05, s_qk_scale 1/√d) it is
the same function but for names, the order of the rotary pairs, and s_qk, which it puts on q alone.
"""

from __future__ import annotations

import pytest
import torch
from nGPT_pytorch import nGPT
from torch import Tensor, nn

from ngpt_math.config import ModelConfig
from ngpt_math.ngpt import NGPT

D, HEADS, D_HEAD, LAYERS, VOCAB = 48, 3, 16, 2, 40
WIDTH = int(D * 4 * 2 / 3)


def peer(qk_norm: bool, manual: bool) -> nn.Module:
    """Their model, with scales moved away from where they start."""
    torch.manual_seed(0)
    model = nGPT(
        num_tokens=VOCAB, dim=D, depth=LAYERS, dim_head=D_HEAD, heads=HEADS, attn_norm_qk=qk_norm,
        manual_norm_weights=manual, add_value_residual=False, s_qk_scale=D**-0.5, alpha_init=0.05,
    )  # fmt: skip
    for module in model.modules():
        if type(module).__name__ == "Scale":
            module.scale.data.mul_(torch.rand_like(module.scale) + 0.5)
    return model


def by_halves(rows: Tensor) -> Tensor:
    """Rows of W_q or W_k, the pairs that turn together parted by d_k/2 instead of side by side."""
    order = torch.cat((torch.arange(0, D_HEAD, 2), torch.arange(1, D_HEAD, 2)))
    return rows.unflatten(0, (HEADS, D_HEAD))[:, order].flatten(0, 1)


def copied(theirs: nn.Module, read: str) -> dict[str, Tensor]:
    """What `read` gives of each of their parameters ("data" or "grad"), under our names."""

    def of(linear: nn.Module) -> Tensor:
        inner = linear.linear
        stored = inner.parametrizations.weight.original if linear.parametrize else inner.weight
        return getattr(stored, read)

    found = {
        "embed.weight": of(theirs.token_embed),
        "unembed.weight": of(theirs.to_logits),
        "s_logit.stored": getattr(theirs.logit_scale.scale, read),
    }
    for layer, (attention, mlp) in enumerate(theirs.layers):
        at, a, m = f"blocks.{layer}", attention.fn, mlp.fn
        qkv = (by_halves(of(a.to_q)), by_halves(of(a.to_k)), of(a.to_v))
        found |= {
            f"{at}.attention.qkv.weight": torch.cat(qkv),
            f"{at}.attention.out.weight": of(a.to_out),
            f"{at}.mlp.hidden_gate.weight": torch.cat((of(m.to_hidden), of(m.to_gate))),
            f"{at}.mlp.out.weight": of(m.to_out),
            f"{at}.mlp.s_hidden.stored": getattr(m.hidden_scale.scale, read),
            f"{at}.mlp.s_gate.stored": getattr(m.gate_scale.scale, read),
            f"{at}.alpha_attention.stored": getattr(attention.branch_scale.scale, read),
            f"{at}.alpha_mlp.stored": getattr(mlp.branch_scale.scale, read),
        }
    return found


def ours_from(theirs: nn.Module, qk_norm: bool) -> NGPT:
    """Our model with their numbers. They scale q by s, we q and k by √s."""
    model = NGPT(
        ModelConfig(
            kind="ngpt", tokenizer="bytes", vocab=VOCAB, d_model=D, layers=LAYERS, heads=HEADS,
            d_head=D_HEAD, d_mlp=WIDTH, context=32, qk_norm=qk_norm,
        )
    )  # fmt: skip
    numbers = copied(theirs, "data")
    for layer, (attention, _) in enumerate(theirs.layers):
        s_q = by_halves(attention.fn.qk_scale().detach())
        s_qk = model.blocks[layer].attention.s_qk
        numbers[f"blocks.{layer}.attention.s_qk.stored"] = s_q.sqrt() / s_qk.ratio
    model.load_state_dict(numbers)
    return model


@pytest.mark.parametrize("manual", [True, False])
@pytest.mark.parametrize("qk_norm", [True, False])
def test_logits_and_gradients_are_the_same(qk_norm: bool, manual: bool) -> None:
    theirs = peer(qk_norm, manual)
    ours = ours_from(theirs, qk_norm)
    tokens = torch.randint(0, VOCAB, (3, 24))
    expected, found = theirs(tokens), ours(tokens)
    assert torch.allclose(found, expected, atol=1e-5)
    towards = torch.randn_like(expected)
    (expected * towards).sum().backward()
    (found * towards).sum().backward()
    for name, gradient in copied(theirs, "grad").items():
        mine = tangent(ours, name) if not manual else ours.get_parameter(name).grad
        assert mine is not None
        assert (mine - gradient).abs().max() <= 1e-5 * gradient.abs().max(), name


def tangent(model: NGPT, name: str) -> Tensor | None:
    """Our gradient as their parametrization gives it: the radial part of each vector taken out."""
    parameter = model.get_parameter(name)
    axis = {f"{n}.weight": m.norm_axis for n, m in model.constrained()}.get(name)
    if axis is None or parameter.grad is None:
        return parameter.grad
    weight, gradient = parameter.detach(), parameter.grad
    return gradient - (gradient * weight).sum(axis, keepdim=True) * weight
