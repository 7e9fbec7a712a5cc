"""Agreement with an implementation written by somebody else: nGPT-pytorch 0.2.10.

Twice: its options set to the paper's make it the paper's model, and our settings set to its choices
make ours its model. Their rotary pairs lie side by side, ours d_k/2 apart.

What we do not follow: `groups` of W_o and W_oMLP. Theirs are normalized across groups, so that no
part has length 1; in ours each has.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from nGPT_pytorch import nGPT
from torch import Tensor, nn

from ngpt_math.checkpoint import build_model
from ngpt_math.config import ModelConfig
from ngpt_math.fidelity import as_in
from ngpt_math.layers import NormLinear
from ngpt_math.ngpt import NGPT

D, HEADS, D_HEAD, LAYERS, VOCAB = 48, 3, 16, 3, 40
WIDTH = int(D * 4 * 2 / 3)
PAPER = ModelConfig(
    kind="ngpt", tokenizer="bytes", vocab=VOCAB, d_model=D, layers=LAYERS, heads=HEADS,
    d_head=D_HEAD, d_mlp=4 * D, context=32,
)  # fmt: skip


def peer(**options: Any) -> nn.Module:
    """Their model, with scales moved away from where they start, some of them below zero."""
    torch.manual_seed(0)
    model = nGPT(
        num_tokens=VOCAB, dim=D, depth=LAYERS, dim_head=D_HEAD, heads=HEADS, **options
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
            f"{at}.attention.s_qk.stored": by_halves(getattr(a.qk_scale.scale, read)),
            f"{at}.mlp.hidden_gate.weight": torch.cat((of(m.to_hidden), of(m.to_gate))),
            f"{at}.mlp.out.weight": of(m.to_out),
            f"{at}.mlp.s_hidden.stored": getattr(m.hidden_scale.scale, read),
            f"{at}.mlp.s_gate.stored": getattr(m.gate_scale.scale, read),
            f"{at}.alpha_attention.stored": getattr(attention.branch_scale.scale, read),
            f"{at}.alpha_mlp.stored": getattr(mlp.branch_scale.scale, read),
        }
    return found


def as_the_paper(theirs: nn.Module, qk_norm: bool) -> NGPT:
    """Our plain model with their numbers. They scale q by s, the paper q and k, here by √s."""
    model = NGPT(ModelConfig(**{**settings_of(PAPER), "d_mlp": WIDTH, "qk_norm": qk_norm}))
    numbers = copied(theirs, "data")
    for layer, (attention, _) in enumerate(theirs.layers):
        s_q = by_halves(attention.fn.qk_scale().detach())
        s_qk = model.blocks[layer].attention.s_qk
        numbers[f"blocks.{layer}.attention.s_qk.stored"] = s_q.sqrt() / s_qk.ratio
    model.load_state_dict(numbers)
    return model


def settings_of(config: ModelConfig) -> dict[str, Any]:
    """A configuration's settings by name."""
    return {name: getattr(config, name) for name in config.__slots__}


def gradients(theirs: nn.Module, ours: nn.Module) -> dict[str, tuple[Tensor, Tensor]]:
    """Logits and gradients of both, (ours, theirs) by name, for one random batch and direction."""
    tokens = torch.randint(0, VOCAB, (3, 24))
    expected, found = theirs(tokens), ours(tokens)
    towards = torch.randn_like(expected)
    (expected * towards).sum().backward()
    (found * towards).sum().backward()
    pairs = {"logits": (found.detach(), expected.detach())}
    for name, gradient in copied(theirs, "grad").items():
        mine = ours.get_parameter(name).grad
        assert mine is not None
        pairs[name] = (mine, gradient)
    return pairs


def assert_close(pairs: dict[str, tuple[Tensor, Tensor]]) -> None:
    """Logits alike to 1e-5, and each gradient to 1e-5 of its largest entry."""
    for name, (mine, theirs) in pairs.items():
        largest = 1.0 if name == "logits" else theirs.abs().max()
        assert theirs.abs().max() > 1e-4, name
        assert (mine - theirs).abs().max() <= 1e-5 * largest, name


@pytest.mark.parametrize("manual", [True, False])
@pytest.mark.parametrize("qk_norm", [True, False])
def test_with_the_papers_options_theirs_is_our_model(qk_norm: bool, manual: bool) -> None:
    theirs = peer(
        attn_norm_qk=qk_norm, manual_norm_weights=manual, add_value_residual=False,
        s_qk_scale=D**-0.5, alpha_init=0.05,
    )  # fmt: skip
    ours = as_the_paper(theirs, qk_norm)
    pairs = gradients(theirs, ours)
    pairs = {name: pair for name, pair in pairs.items() if "s_qk" not in name}
    if not manual:
        pairs = {name: (tangent(ours, name, g), t) for name, (g, t) in pairs.items()}
    assert_close(pairs)


def tangent(model: NGPT, name: str, gradient: Tensor) -> Tensor:
    """A gradient as their parametrization gives it: the radial part of each vector taken out."""
    axis = {f"{n}.weight": m.norm_axis for n, m in model.constrained()}.get(name)
    if axis is None:
        return gradient
    weight = model.get_parameter(name).detach()
    return gradient - (gradient * weight).sum(axis, keepdim=True) * weight


@pytest.mark.parametrize("norm_eps", [0.0, 0.1])
@pytest.mark.parametrize("value_residual", [True, False])
@pytest.mark.parametrize("manual", [True, False])
@pytest.mark.parametrize("qk_norm", [True, False])
def test_the_lucidrains_preset_is_their_model(
    qk_norm: bool, manual: bool, value_residual: bool, norm_eps: float
) -> None:
    theirs = peer(
        attn_norm_qk=qk_norm, manual_norm_weights=manual, add_value_residual=value_residual,
        norm_eps=norm_eps,
    )  # fmt: skip
    drift(theirs, manual, norm_eps)
    ours = as_theirs(
        theirs, qk_norm=qk_norm, parametrize=not manual, value_residual=value_residual,
        norm_eps=norm_eps,
    )  # fmt: skip
    assert_close(gradients(theirs, ours))


def drift(theirs: nn.Module, manual: bool, norm_eps: float) -> None:
    """Weights as a training leaves them: of other lengths, and some scales below zero."""
    for name, parameter in theirs.named_parameters():
        if parameter.ndim > 1 and not manual:
            parameter.data.mul_(0.7 + 0.6 * torch.rand_like(parameter))
        if name.endswith(("branch_scale.scale", "qk_scale.scale")):
            parameter.data[::3].mul_(-1)
    if manual and norm_eps:
        theirs.norm_weights_()


def as_theirs(theirs: nn.Module, **changes: Any) -> NGPT:
    """Our model in the lucidrains preset but for `changes`, with their numbers."""
    config = as_in("lucidrains", PAPER)
    model = build_model(ModelConfig(**{**settings_of(config), **changes}))
    assert isinstance(model, NGPT)
    model.load_state_dict(copied(theirs, "data"))
    return model


def test_groups_are_theirs_where_each_part_has_length_one() -> None:
    """Their weights by hand, with W_o and W_oMLP normalized by us; the rest is their own."""
    theirs = peer(manual_norm_weights=True, num_hyperspheres=2)
    ours = as_theirs(theirs, parametrize=False, groups=2)
    ours.normalize_weights()
    with torch.no_grad():
        for layer, (attention, mlp) in enumerate(theirs.layers):
            block = ours.blocks[layer]
            for their_block, our_block in ((attention.fn, block.attention), (mlp.fn, block.mlp)):
                before = their_block.to_out.weight
                assert not torch.allclose(before, our_block.out.weight, atol=0.1)
                before.copy_(our_block.out.weight)
    assert_close(gradients(theirs, ours))


def test_groups_of_columns_have_length_one_here_and_not_there() -> None:
    theirs = peer(num_hyperspheres=2).layers[0][0].fn.to_out.weight.detach()
    ours = NormLinear(HEADS * D_HEAD, D, norm_dim_in=False, groups=2).weight.detach()
    lengths = [weight.unflatten(0, (2, -1)).norm(dim=1) for weight in (theirs, ours)]
    assert (lengths[0] - 1).abs().min() > 1
    assert (lengths[1] - 1).abs().max() < 1e-6


@pytest.mark.parametrize("parametrize", [True, False])
def test_three_steps_of_theirs_are_three_of_ours(parametrize: bool) -> None:
    """Parametrized weights drift off the sphere, in both; projected ones do not."""
    theirs = peer(manual_norm_weights=not parametrize)
    ours = as_theirs(theirs, parametrize=parametrize)
    steps = [torch.optim.SGD(model.parameters(), lr=0.3) for model in (theirs, ours)]
    if not parametrize:
        theirs.register_step_post_hook(steps[0])
        steps[1].register_step_post_hook(lambda *_: ours.normalize_weights())
    for _ in range(3):
        rows = torch.randint(0, VOCAB, (3, 24))
        for model, optimizer in zip((theirs, ours), steps, strict=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(rows).mT, rows.roll(-1, 1)).backward()
            optimizer.step()
    off = (ours.embed.weight.norm(dim=1) - 1).abs().max()
    assert off > 1e-4 if parametrize else off < 1e-6
    for name, weight in copied(theirs, "data").items():
        assert torch.allclose(ours.get_parameter(name), weight, atol=1e-5), name
