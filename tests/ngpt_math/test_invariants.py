"""What must hold of an nGPT whatever its weights, scales, settings and precision are.

Beside test_models and test_sphere: there, formulas and single cases; here, laws, by hypothesis
where there is something to vary. "Variants" are the settings of other people's nGPTs.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from conftest import small
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ngpt_math import sphere
from ngpt_math.checkpoint import build_model, load_model, save_model
from ngpt_math.config import ModelConfig, TrainConfig
from ngpt_math.fidelity import VARIANTS, as_in
from ngpt_math.layers import NormLinear, Rotary, Scale, normalize_heads
from ngpt_math.ngpt import NGPT
from ngpt_math.ngpt_variants import VariantNGPT
from ngpt_math.training import make_optimizer

VOCAB = 24
HALF = (torch.bfloat16, torch.float16)
# A unit vector's length after rounding each of its entries, and some steps after that.
LENGTH_ERROR = {torch.float32: 1e-6, torch.bfloat16: 8e-3, torch.float16: 1e-3}
seeds = st.integers(0, 10**6)
SCALES = ("alpha", "s_qk", "s_hidden", "s_gate", "s_logit")


def tiny(**changes: Any) -> ModelConfig:
    """A model of two layers and few words."""
    return small(**{"vocab": VOCAB, "d_mlp": 64, **changes})


def random_model(config: ModelConfig, seed: int, spread: float = 0.5) -> NGPT:
    """A model whose scales lie anywhere within a factor of 1 ± spread of their start."""
    torch.manual_seed(seed)
    model = build_model(config)
    assert isinstance(model, NGPT)
    with torch.no_grad():
        for scale in scales_of(model).values():
            scale.stored.mul_(1 + spread * (2 * torch.rand_like(scale.stored) - 1))
    return model


def scales_of(model: NGPT) -> dict[str, Scale]:
    """Every learnable scale by name."""
    return {name: m for name, m in model.named_modules() if isinstance(m, Scale)}


def words(seed: int = 0, batch: int = 2, length: int = 10) -> Tensor:
    """Random tokens."""
    return torch.randint(0, VOCAB, (batch, length), generator=torch.Generator().manual_seed(seed))


def traced(model: NGPT, tokens: Tensor) -> dict[str, Tensor]:
    """Everything the model computes, logits included."""
    trace: dict[str, Tensor] = {}
    trace["logits"] = model(tokens, trace)
    return trace


def loss_of(model: NGPT, tokens: Tensor) -> Tensor:
    """Cross-entropy of the next token."""
    logits = model(tokens[:, :-1]).float()
    return F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


def alike(a: Tensor, b: Tensor, error: float) -> None:
    """No entry differs by more than `error`."""
    assert a.shape == b.shape and float((a - b).detach().abs().max()) <= error


# Scales


@settings(max_examples=30)
@given(st.sampled_from(SCALES), st.floats(0.02, 20), st.floats(0.1, 2), seeds)
def test_a_scales_start_changes_how_fast_it_learns_and_nothing_else(
    which: str, scale: float, init: float, seed: int
) -> None:
    """The forward pass depends on init only; Adam's first step is lr · init/scale."""
    moves = []
    for start in (init, scale):  # `init` makes stored and effective the same
        torch.manual_seed(seed)
        model = NGPT(tiny(**{f"{which}_init": init, f"{which}_scale": start}))
        logits = model(words(seed))
        chosen = {n: s for n, s in scales_of(model).items() if which in n}
        loss_of(model, words(seed)).backward()
        torch.optim.Adam([s.stored for s in chosen.values()], lr=1e-3).step()
        moved = torch.cat([s.effective().detach() - init for s in chosen.values()])
        moves.append((logits.detach(), float(moved.abs().median())))
    (logits, step), (others, other_step) = moves
    alike(logits, others, 1e-5)
    assert step == pytest.approx(1e-3, rel=0.05)
    assert other_step == pytest.approx(1e-3 * init / scale, rel=0.05)


def test_stored_and_effective_are_shown() -> None:
    assert "stored mean 0.25, effective mean 0.05" in repr(NGPT(tiny()).blocks[0].alpha_mlp)
    linear = NormLinear(4, 6, norm_dim_in=False, groups=2, parametrize=True)
    assert "4 -> 6, columns of length 1, 2 groups, when read" in repr(linear)


# Symmetries: other numbers, the same function


@given(seeds, st.floats(1e-4, 1e4), st.sampled_from([1, 2]))
def test_projection_undoes_any_rescaling_of_any_vector(
    seed: int, factor: float, groups: int
) -> None:
    model = random_model(tiny(groups=groups), seed)
    before = {name: m.weight.detach().clone() for name, m in model.constrained()}
    with torch.no_grad():
        for _, module in model.constrained():
            size = list(module.weight.shape)
            size[module.norm_axis] = 1
            module.weight.mul_(factor ** torch.rand(size))
    model.normalize_weights()
    for name, module in model.constrained():
        alike(module.weight, before[name], 2e-6)


@given(seeds)
def test_a_signed_alpha_is_the_papers_where_it_is_positive(seed: int) -> None:
    paper = random_model(tiny(), seed)
    signed = build_model(tiny(alpha_abs=False))
    signed.load_state_dict(paper.state_dict())
    alike(signed(words()), paper(words()), 1e-5)


@given(seeds)
def test_the_sign_of_alpha_cannot_move_into_the_output_map(seed: int) -> None:
    """Nearly, as the paper says (A.2): the suggestion's part stays, h keeps 1 + α for 1 − α."""
    model = random_model(tiny(alpha_abs=False), seed)
    before = traced(model, words())
    signs = (-1.0) ** torch.randint(0, 2, (16,))
    block = model.blocks[0]
    alpha = block.alpha_attention.effective().detach().clone()
    block.attention.out.weight.data.mul_(signs[:, None])
    block.alpha_attention.stored.data.mul_(signs)
    after = traced(model, words())
    h, suggestion = before["layer0.h_in"], before["layer0.h_attention"]
    moved = (1 - signs * alpha) * h + alpha * suggestion
    alike(after["layer0.h_mid"], F.normalize(moved, dim=-1), 1e-6)
    alike(after["layer0.h_attention"], signs * suggestion, 1e-6)


@given(seeds)
def test_s_qk_on_queries_and_keys_is_its_square_on_queries(seed: int) -> None:
    both = random_model(tiny(), seed)
    one = build_model(tiny(s_qk_on_keys=False))
    one.load_state_dict(both.state_dict())
    for mine, theirs in zip(one.blocks, both.blocks, strict=True):
        effective = theirs.attention.s_qk.effective().detach()
        mine.attention.s_qk.stored.data.copy_(effective.square() / theirs.attention.s_qk.ratio)
    alike(one(words()), both(words()), 1e-5)


@given(seeds)
def test_nvidias_root_on_u_and_extra_norms_change_nothing(seed: int) -> None:
    paper = random_model(tiny(), seed)
    theirs = build_model(tiny(root_on_hidden=True, renormalize=True))
    assert isinstance(theirs, VariantNGPT)
    theirs.load_state_dict(paper.state_dict())
    alike(theirs(words()), paper(words()), 1e-5)


@pytest.mark.parametrize(
    "changes",
    [{}, {"qk_norm": False}, {"norm_eps": 0.2}, {"groups": 2}, {"groups": 4, "norm_eps": 0.1},
     {"parametrize": True}, {"parametrize": True, "groups": 2, "norm_eps": 0.1}],
)  # fmt: skip
def test_folded_and_fused_is_unfolded_with_every_option(changes: dict[str, Any]) -> None:
    """Logits and gradients of the fast model and of the plain one, in single precision."""
    fast = random_model(tiny(**changes), 1)
    plain = VariantNGPT(tiny(**changes))
    with torch.no_grad():
        for parameter in fast.parameters():
            if changes.get("parametrize"):
                parameter.mul_(0.8 + 0.4 * torch.rand_like(parameter))
    plain.load_state_dict(fast.state_dict())
    towards = torch.randn(2, 10, VOCAB)
    for model in (fast, plain):
        (model(words()) * towards).sum().backward()
    alike(fast(words()), plain(words()), 1e-5)
    for name, parameter in plain.named_parameters():
        mine = fast.get_parameter(name).grad
        assert mine is not None and parameter.grad is not None and parameter.grad.any(), name
        alike(mine, parameter.grad, 1e-5 * float(parameter.grad.abs().max()))


# Steps on the sphere


@given(seeds, st.sampled_from([0.0, 0.5, 1.0]))
def test_the_models_step_is_slerp_at_none_half_and_all(seed: int, alpha: float) -> None:
    trace = with_alpha(seed, alpha)
    for layer in range(2):
        start, goal, end = (trace[f"layer{layer}.{n}"] for n in ("h_in", "h_attention", "h_mid"))
        alike(end, sphere.slerp(start, goal, alpha), 2e-6)


@given(seeds, st.floats(0, 1))
def test_the_models_step_moves_as_far_as_lerp_says(seed: int, alpha: float) -> None:
    trace = with_alpha(seed, alpha)
    for layer in range(2):
        start, goal, end = (
            trace[f"layer{layer}.{n}"].double() for n in ("h_mid", "h_mlp", "h_out")
        )
        expected = sphere.nlerp_angle(sphere.angle(start, goal), alpha)
        alike(sphere.angle(start, end), expected, 2e-6)


def with_alpha(seed: int, alpha: float) -> dict[str, Tensor]:
    """The trace of a model in which every α is one number."""
    model = random_model(tiny(), seed)
    for name, scale in scales_of(model).items():
        if "alpha" in name:
            scale.stored.data.fill_(alpha / scale.ratio)
    return traced(model, words(seed))


# Rotary embedding


@given(seeds, st.integers(0, 500), st.integers(0, 500), st.integers(0, 2000),
       st.sampled_from([1, 2, 4]), st.sampled_from([0.0, 0.1, 0.3]))  # fmt: skip
def test_rotation_keeps_lengths_and_offsets_and_commutes_with_norm(
    seed: int, one: int, two: int, shift: int, groups: int, eps: float
) -> None:
    rotary = Rotary(16, 10000.0, 4).double()
    q, k = torch.randn(2, 1, 1, 1, 16, generator=torch.Generator().manual_seed(seed)).double()
    turned = rotary(q, start=one)
    alike(group_lengths(turned, groups), group_lengths(q, groups), 1e-5)
    near = (rotary(q, start=one) * rotary(k, start=two)).sum()
    far = (rotary(q, start=one + shift) * rotary(k, start=two + shift)).sum()
    alike(near, far, 2e-3)  # the table is in single precision: 2,500 radians to 1e-4
    after = normalize_heads(turned, eps, groups)
    alike(after, rotary(normalize_heads(q, eps, groups), start=one), 1e-5)
    if eps == 0:
        alike(group_lengths(after, groups), torch.ones(groups, dtype=torch.float64), 1e-6)


def group_lengths(x: Tensor, groups: int) -> Tensor:
    """Lengths of the groups of one head: whole rotary pairs, d_k/2 apart."""
    return x.flatten().view(2, groups, -1).square().sum((0, 2)).sqrt()


def test_nvidias_table_is_not_a_rotation() -> None:
    """Measured on their code: ×0.65 to ×0.78 at d_k 32, half of the pairs zero at position 0."""
    model = build_model(tiny(d_head=32, rope="nvidia"))
    x = torch.randn(1, 400, 1, 32, generator=torch.Generator().manual_seed(2))
    turned = model.rotary(x)
    ratio = turned.norm(dim=-1).mean() / x.norm(dim=-1).mean()
    assert 0.65 < ratio < 0.78
    first = turned[0, 0, 0].view(2, 16)
    assert int((first.abs().sum(0) == 0).sum()) == 8
    assert spread_at_offset(model.rotary, x) > 3
    assert spread_at_offset(Rotary(32, 10000.0, 4), x) < 1e-4


def spread_at_offset(rotary: Rotary, x: Tensor) -> float:
    """How much q·k differs between positions at offset 3, for one q and one k."""
    q, k = (rotary(x[:, i, None].expand(1, 64, 1, 32))[0, :, 0] for i in (0, 1))
    products = (q[:60] * k[3:63]).sum(-1)
    return float(products.max() - products.min())


# Order in time, bounds, the start


@given(seeds, st.integers(1, 9), st.sampled_from(VARIANTS))
def test_no_token_sees_a_later_one_in_any_variant(seed: int, at: int, variant: str) -> None:
    model = random_model(as_in(variant, tiny()), seed)
    tokens = words(seed)
    changed = tokens.clone()
    changed[:, at] = (changed[:, at] + 1) % VOCAB
    before, after = model(tokens), model(changed)
    alike(after[:, :at], before[:, :at], 1e-6)
    assert (after[:, at:] - before[:, at:]).abs().max() > 1e-4


@given(seeds, st.floats(0.1, 300), st.sampled_from([1, 2]))
def test_logits_and_scores_are_bounded_by_their_scales(seed: int, size: float, groups: int) -> None:
    model = random_model(tiny(groups=groups), seed, spread=1.9)  # some scales below zero
    for name, scale in scales_of(model).items():
        if "s_logit" in name or "s_qk" in name:
            scale.stored.data.mul_(size)
    trace = traced(model, words(seed))
    bound = model.s_logit.effective().abs()
    assert (trace["logits"].abs() <= bound * (1 + 1e-5)).all()
    q, k = trace["layer1.q"].transpose(1, 2), trace["layer1.k"].permute(0, 2, 3, 1)
    s_qk = model.blocks[1].attention.s_qk.effective().view(2, -1)
    most = 8**0.5 * groups * s_qk.square().amax(1)[:, None, None]
    assert (8**0.5 * (q @ k).abs() <= most * (1 + 1e-5)).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_starts_by_guessing(variant: str) -> None:
    torch.manual_seed(0)
    model = build_model(as_in(variant, small(vocab=200)))
    tokens = torch.randint(0, 200, (16, 16))
    assert loss_of(model, tokens).item() == pytest.approx(math.log(200), abs=0.1)


# Shell and groups


@given(seeds, st.floats(0.01, 0.5))
def test_weights_in_the_shell_stay_and_others_go_to_its_edge(seed: int, eps: float) -> None:
    model = random_model(tiny(norm_eps=eps), seed)
    before = {}
    with torch.no_grad():
        for name, module in model.constrained():
            module.weight.mul_(
                0.2 + 1.6 * torch.rand_like(module.weight.sum(module.norm_axis, True))
            )
            before[name] = module.weight.clone()
    model.normalize_weights()
    for name, module in model.constrained():
        was, now = (w.norm(dim=module.norm_axis) for w in (before[name], module.weight.detach()))
        alike(now, was.clamp(1 - eps, 1 + eps), 1e-6)
        inside = (was - 1).abs() < eps - 1e-6
        vectors = (w.movedim(module.norm_axis, 1)[inside] for w in (before[name], module.weight))
        torch.testing.assert_close(*vectors, rtol=1e-6, atol=0)


@pytest.mark.parametrize("parametrize", [False, True])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_every_part_of_every_weight_has_length_one_after_a_step(
    groups: int, parametrize: bool
) -> None:
    """Rows and columns alike."""
    model = random_model(tiny(groups=groups, parametrize=parametrize), 3)
    loss_of(model, words()).backward()
    make_optimizer(model, TrainConfig(lr=0.1)).step()
    for name, module in model.constrained():
        parts = module.effective().detach().double().movedim(module.norm_axis, -1)
        lengths = parts.unflatten(-1, (groups, -1)).norm(dim=-1)
        assert (lengths - 1).abs().max() < 1e-6, name


# Parametrized and projected weights


def test_a_parametrized_weight_drifts_and_is_saved_as_it_is_read(tmp_path: Path) -> None:
    model = random_model(tiny(parametrize=True), 0)
    loss_of(model, words()).backward()
    make_optimizer(model, TrainConfig(lr=0.1)).step()
    for name, module in model.constrained():
        assert (module.weight.norm(dim=module.norm_axis) - 1).abs().max() > 1e-3, name
    save_model(tmp_path / "model.safetensors", model, {})
    back = load_model(tmp_path / "model.safetensors")
    alike(back(words()), model(words()), 1e-6)


@given(seeds, st.sampled_from([0.0, 0.2]), st.sampled_from([1, 2]))
def test_a_parametrized_weights_gradient_is_orthogonal_to_it(
    seed: int, eps: float, groups: int
) -> None:
    """Inside the shell and outside, for every part of every vector."""
    model = random_model(tiny(parametrize=True, norm_eps=eps, groups=groups), seed).double()
    with torch.no_grad():
        for _, module in model.constrained():
            module.weight.mul_(0.7 + 0.6 * torch.rand_like(module.weight))
    loss_of(model, words(seed)).backward()
    for name, module in model.constrained():
        assert module.weight.grad is not None
        pair = (module.weight.grad.movedim(module.norm_axis, -1),
                module.weight.detach().movedim(module.norm_axis, -1))  # fmt: skip
        g, w = (x.unflatten(-1, (groups, -1)) for x in pair)
        assert g.any(), name
        assert ((g * w).sum(-1).abs() <= 1e-6 * g.norm(dim=-1) * w.norm(dim=-1) + 1e-12).all(), name


@pytest.mark.parametrize("seed", range(3))
def test_parametrized_and_projected_training_agree_on_step_one(seed: int) -> None:
    """The same loss, the same gradient along the sphere, the same weights but for lr²."""
    apart = []
    for lr in (0.02, 0.01):
        models = [random_model(tiny(parametrize=p), seed).double() for p in (True, False)]
        losses = [loss_of(model, words(seed, 4)) for model in models]
        assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-6)
        for model, loss in zip(models, losses, strict=True):
            loss.backward()
            optimizer = torch.optim.SGD(model.parameters(), lr=lr * 100)
            optimizer.step()
            model.normalize_weights()
        pairs = zip(models[0].constrained(), models[1].constrained(), strict=True)
        off = [(a.effective() - b.effective()).norm().item() for (_, a), (_, b) in pairs]
        apart.append(torch.tensor(off))
    assert (apart[0] > 1e-6).all()
    alike(apart[0] / apart[1], torch.full((10,), 4.0), 0.5)


# Precision


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.float32, *HALF])
def test_hidden_states_have_length_one_in_every_precision(dtype: torch.dtype, variant: str) -> None:
    model = random_model(as_in(variant, tiny()), 0).to(dtype)
    trace = traced(model, words())
    assert trace["logits"].dtype == dtype
    for layer in range(2):
        for name in ("h_attention", "h_mid", "h_mlp", "h_out"):
            lengths = trace[f"layer{layer}.{name}"].double().norm(dim=-1)
            assert (lengths - 1).abs().max() < LENGTH_ERROR[dtype], (layer, name)
    exact = random_model(as_in(variant, tiny()), 0).double()(words())
    assert (trace["logits"] - exact).abs().max() < 20 * LENGTH_ERROR[dtype]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.float32, *HALF])
def test_zero_vectors_give_no_nan_forwards_or_backwards(dtype: torch.dtype, variant: str) -> None:
    model = random_model(as_in(variant, tiny()), 0).to(dtype)
    tokens = words()
    with torch.no_grad():
        model.embed.weight[tokens[0, 3]] = 0  # a token without a direction
        model.blocks[0].attention.out.weight.zero_()
        model.blocks[0].attention.qkv.weight[:16].zero_()
        model.blocks[1].mlp.out.weight.zero_()
        model.unembed.weight[0] = 0
    logits = model(tokens)
    logits.float().square().sum().backward()
    assert logits.isfinite().all()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    model.normalize_weights()
    assert all(p.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_step_under_autocast_keeps_weights_and_norms_in_single_precision(variant: str) -> None:
    model = random_model(as_in(variant, tiny()), 0)
    expected = float(loss_of(model, words()))
    optimizer = make_optimizer(model, TrainConfig(lr=1e-2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        trace = traced(model, words()[:, :-1])
        loss = F.cross_entropy(trace["logits"].float().flatten(0, 1), words()[:, 1:].flatten())
    assert float(loss) == pytest.approx(expected, rel=1e-2)
    loss.backward()
    optimizer.step()
    for layer in range(2):
        lengths = trace[f"layer{layer}.h_out"].double().norm(dim=-1)
        assert (lengths - 1).abs().max() < LENGTH_ERROR[torch.bfloat16]
    for name, module in model.constrained():
        weight = module.effective().detach()
        assert weight.dtype == torch.float32
        assert (weight.double().norm(dim=module.norm_axis) - 1).abs().max() < 1e-6, name


@pytest.mark.parametrize("dtype", HALF)
@given(size=st.floats(1e-3, 100), length=st.sampled_from([8, 512, 4096]), eps=st.floats(0, 0.2))
@settings(max_examples=20)
def test_norms_of_half_precision_are_taken_in_single(
    dtype: torch.dtype, size: float, length: int, eps: float
) -> None:
    """The sum of 4096 squares of 100 is beyond float16, and those of 1e-3 below it."""
    x = torch.full((1, length), size, dtype=dtype)
    expected = float(x.double().norm())
    expected = min(max(expected, 1 - eps), 1 + eps)
    shell = sphere.normalize(x, norm_eps=eps).double()
    assert float(shell.norm()) == pytest.approx(expected, rel=LENGTH_ERROR[dtype])
