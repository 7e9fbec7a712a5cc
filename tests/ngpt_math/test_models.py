"""Both transformers: invariants, symmetries, agreement with the printed equations."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from conftest import small
from torch import Tensor

from ngpt_math import sphere
from ngpt_math.checkpoint import build_model
from ngpt_math.config import KINDS, ModelConfig, preset
from ngpt_math.layers import NormLinear, RMSNorm, Rotary, Scale, attend, attention_pattern, unit
from ngpt_math.ngpt import NGPT


def model_of(config: ModelConfig, seed: int = 0) -> NGPT:
    """An nGPT whose scales are not at their starting values."""
    torch.manual_seed(seed)
    model = NGPT(config)
    for module in model.modules():
        if isinstance(module, Scale):
            with torch.no_grad():
                module.stored.mul_(0.5 + torch.rand_like(module.stored))
    return model


def tokens_for(config: ModelConfig, batch: int = 2, length: int = 12) -> Tensor:
    """Random tokens."""
    return torch.randint(
        0, config.vocab, (batch, length), generator=torch.Generator().manual_seed(3)
    )


def printed_equations(model: NGPT, tokens: Tensor) -> Tensor:
    """The forward pass as the paper prints it, slowly: nothing folded, nothing fused."""
    config = model.config
    root, root_k = config.d_model**0.5, config.d_head**0.5
    h = model.embed.weight[tokens]
    for block in model.blocks:
        w_q, w_k, w_v = block.attention.qkv.weight.chunk(3)
        s_qk = block.attention.s_qk.effective().view(config.heads, -1)
        heads = [(h @ w.T).unflatten(-1, (config.heads, -1)) for w in (w_q, w_k, w_v)]
        q, k = (s_qk * F.normalize(model.rotary(x), dim=-1) for x in heads[:2])
        logits = root_k * torch.einsum("bthd,bshd->bhts", q, k)
        mask = torch.triu(torch.ones(logits.shape[-2:], dtype=torch.bool), diagonal=1)
        weights = logits.masked_fill(mask, -torch.inf).softmax(-1)
        mixed = torch.einsum("bhts,bshd->bthd", weights, heads[2]).flatten(2)
        h_a = F.normalize(mixed @ block.attention.out.weight.T, dim=-1)
        h = F.normalize(h + block.alpha_attention.effective().abs() * (h_a - h), dim=-1)
        w_u, w_nu = block.mlp.hidden_gate.weight.chunk(2)
        u = (h @ w_u.T) * block.mlp.s_hidden.effective()
        nu = (h @ w_nu.T) * block.mlp.s_gate.effective() * root
        h_m = F.normalize((u * F.silu(nu)) @ block.mlp.out.weight.T, dim=-1)
        h = F.normalize(h + block.alpha_mlp.effective().abs() * (h_m - h), dim=-1)
    return (h @ model.unembed.weight.T) * model.s_logit.effective()


def test_folded_and_fused_model_is_the_printed_one_forwards_and_backwards() -> None:
    model = model_of(small()).double()
    tokens = tokens_for(model.config)
    towards = torch.randn(2, 12, 256, dtype=torch.float64)
    gradients = []
    for forward in (model, lambda t: printed_equations(model, t)):
        model.zero_grad()
        logits = forward(tokens)
        (logits * towards).sum().backward()
        gradients.append({n: p.grad.clone() for n, p in model.named_parameters()})
        gradients[-1]["logits"] = logits.detach()
    for name, ours in gradients[0].items():
        assert torch.allclose(ours, gradients[1][name], rtol=1e-9, atol=1e-10), name


@pytest.mark.parametrize("eps", [0.0, 0.3])
def test_gradient_of_unit_is_exact(eps: float) -> None:
    x = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: unit(t, eps), (x,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_unit_of_zero_is_zero_with_zero_gradient(dtype: torch.dtype) -> None:
    x = torch.zeros(2, 8, dtype=dtype, requires_grad=True)
    y = unit(x)
    y.sum().backward()
    assert y.dtype == dtype and not y.any()
    assert x.grad is not None and not x.grad.any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_unit_takes_norms_in_single_precision(dtype: torch.dtype) -> None:
    x = torch.full((1, 4096), 30.0, dtype=dtype)  # ‖x‖² overflows float16
    assert torch.allclose(unit(x).float().norm(), torch.tensor(1.0), atol=1e-2)


def test_hidden_states_have_length_one_after_every_block() -> None:
    model = model_of(small())
    trace: dict[str, Tensor] = {}
    model(tokens_for(model.config), trace)
    for layer in range(model.config.layers):
        for name in ("h_in", "h_attention", "h_mid", "h_mlp", "h_out"):
            lengths = trace[f"layer{layer}.{name}"].double().norm(dim=-1)
            assert (lengths - 1).abs().max() < 1e-6, (layer, name)


def test_trace_changes_nothing_and_pattern_is_what_attention_uses() -> None:
    model = model_of(small())
    tokens = tokens_for(model.config)
    trace: dict[str, Tensor] = {}
    assert torch.equal(model(tokens), model(tokens, trace))
    pattern, v = trace["layer1.pattern"], trace["layer1.v"]
    mixed = (pattern @ v.transpose(1, 2)).transpose(1, 2).flatten(2)
    assert torch.allclose(mixed, trace["layer1.mixed"], atol=1e-6)
    assert torch.allclose(pattern.sum(-1), torch.ones(2, 2, 12), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["toy", "mini"])
def test_loss_starts_at_the_logarithm_of_the_vocabulary(name: str, kind: str) -> None:
    config, _ = preset(name, kind)
    torch.manual_seed(0)
    model = build_model(config)
    rows = torch.randint(0, config.vocab, (16, 65))
    loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
    # With s_z = 1 a logit is a cosine, of variance 1/d; half of that is what it costs at first.
    slack = 0.5 / config.d_model + 0.05
    assert abs(loss.item() - math.log(config.vocab)) < slack


@pytest.mark.parametrize("kind", KINDS)
def test_no_token_sees_a_later_one(kind: str) -> None:
    torch.manual_seed(0)
    model = build_model(small(kind))
    tokens = tokens_for(model.config)
    changed = tokens.clone()
    changed[:, 7:] = (changed[:, 7:] + 1) % 256
    before, after = model(tokens), model(changed)
    assert torch.allclose(before[:, :7], after[:, :7], atol=1e-6)
    assert not torch.allclose(before[:, 7:], after[:, 7:], atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_have_the_same_matrices(kind: str) -> None:
    shapes = {n: p.shape for n, p in build_model(small(kind)).named_parameters() if p.ndim > 1}
    assert shapes == {n: p.shape for n, p in NGPT(small()).named_parameters() if p.ndim > 1}


def test_parameters_of_the_papers_sizes() -> None:
    """Counts of the paper's section A.5 in millions, embeddings and all."""
    for name, gpt_millions, ngpt_millions in (
        ("paper-0.5b", 468.2, 468.4), ("paper-1b", 1025.7, 1026.1),
    ):  # fmt: skip
        with torch.device("meta"):
            gpt = torch.nn.Module.parameters(build_model(preset(name, "gpt")[0]))
        matrices = sum(p.numel() for p in gpt if p.ndim > 1)
        config = preset(name, "ngpt")[0]
        inner = config.heads * config.d_head
        scales = config.layers * (2 * config.d_model + inner + 2 * config.d_mlp) + config.vocab
        assert abs(matrices / 1e6 - gpt_millions) < 0.11
        assert abs((matrices + scales) / 1e6 - ngpt_millions) < 0.25


def test_every_weight_matrix_of_the_ngpt_is_constrained() -> None:
    model = NGPT(small())
    constrained = {f"{name}.weight" for name, _ in model.constrained()}
    assert constrained == {n for n, p in model.named_parameters() if p.ndim > 1}
    for name, module in model.constrained():
        into_model_space = name.endswith(".out")
        assert module.norm_axis == (0 if into_model_space else 1), name


@pytest.mark.parametrize("factor", [0.01, 7.0])
def test_projection_undoes_a_rescaling_of_any_weight(factor: float) -> None:
    model = model_of(small())
    before = [module.weight.detach().clone() for _, module in model.constrained()]
    with torch.no_grad():
        for _, module in model.constrained():
            module.weight.mul_(factor)
    model.normalize_weights()
    for (name, module), weight in zip(model.constrained(), before, strict=True):
        assert torch.allclose(module.weight, weight, atol=1e-6), name


def test_a_factor_on_u_changes_nothing_and_one_on_the_gate_does() -> None:
    model = model_of(small())
    tokens = tokens_for(model.config)
    before = model(tokens)
    for block in model.blocks:
        block.mlp.s_hidden.stored.data.mul_(3.0)
    assert torch.allclose(model(tokens), before, atol=1e-5)
    for block in model.blocks:
        block.mlp.s_gate.stored.data.mul_(3.0)
    assert not torch.allclose(model(tokens), before, atol=1e-3)


def test_alpha_counts_by_its_size_only() -> None:
    model = model_of(small())
    tokens = tokens_for(model.config)
    before = model(tokens)
    model.blocks[0].alpha_attention.stored.data[::2].mul_(-1)
    assert torch.equal(model(tokens), before)


def test_logits_are_bounded_by_their_scale() -> None:
    model = model_of(small())
    logits = model(tokens_for(model.config))
    assert (logits.abs() <= model.s_logit.effective().abs() + 1e-5).all()


def test_attention_logits_are_bounded() -> None:
    model = model_of(small())
    trace: dict[str, Tensor] = {}
    model(tokens_for(model.config), trace)
    q, k = trace["layer0.q"].transpose(1, 2), trace["layer0.k"].permute(0, 2, 3, 1)
    bound = model.config.d_head**0.5 * model.blocks[0].attention.s_qk.effective().square().max()
    assert (model.config.d_head**0.5 * q @ k).abs().max() <= bound + 1e-5


@pytest.mark.parametrize("which", ["alpha", "s_qk", "s_hidden", "s_gate", "s_logit"])
def test_scale_changes_the_learning_rate_and_not_the_function(which: str) -> None:
    """One Adam step moves the effective value by lr · init/scale; see section 2.5."""
    init = {"alpha": 0.05}.get(which, 1.0)
    moves = []
    for scale in (0.5, 0.125):
        torch.manual_seed(0)
        model = NGPT(small(**{f"{which}_scale": scale}))
        first = next(m for n, m in model.named_modules() if which in n and isinstance(m, Scale))
        assert torch.allclose(first.effective(), torch.full_like(first.stored, init))
        rows = tokens_for(model.config)
        F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten()).backward()
        assert first.stored.grad is not None and first.stored.grad.any()
        torch.optim.Adam([first.stored], lr=1e-3).step()
        moves.append((first.effective().detach() - init).abs().max())
    assert torch.allclose(moves[0], torch.tensor(1e-3 * init / 0.5), rtol=1e-2)
    assert torch.allclose(moves[1] / moves[0], torch.tensor(4.0), rtol=1e-2)


@pytest.mark.parametrize("norm_dim_in", [True, False])
@pytest.mark.parametrize("groups", [1, 2])
def test_norm_linear(norm_dim_in: bool, groups: int) -> None:
    linear = NormLinear(8, 6, norm_dim_in, groups=groups)
    axis = 1 if norm_dim_in else 0
    lengths = linear.weight.norm(dim=axis)
    assert torch.allclose(lengths, torch.full_like(lengths, groups**0.5), atol=1e-6)
    x = torch.randn(3, 8)
    rows = torch.randn(6)
    plain = F.linear(x, linear.weight) / groups
    assert torch.allclose(linear(x), plain, atol=1e-6)
    assert torch.allclose(linear(x, rows), plain * rows, atol=1e-5)


def test_outputs_of_a_norm_linear_are_cosines() -> None:
    linear = NormLinear(8, 100)
    x = sphere.normalize(torch.randn(50, 8))
    assert linear(x).abs().max() <= 1 + 1e-6


def test_shell_and_groups_run_through_the_whole_model() -> None:
    for changes in ({"norm_eps": 0.2}, {"groups": 2}, {"qk_norm": False}):
        model = model_of(small(**changes))
        trace: dict[str, Tensor] = {}
        logits = model(tokens_for(model.config), trace)
        assert logits.isfinite().all()
        assert torch.allclose(trace["layer1.h_out"].norm(dim=-1), torch.ones(2, 12), atol=1e-6)


def test_rotary_keeps_lengths_and_depends_on_the_distance_only() -> None:
    rotary = Rotary(8, 10000.0, 4)
    q, k = torch.randn(2, 1, 40, 1, 8).double()
    turned_q, turned_k = rotary(q[:, :1].expand_as(q)), rotary(k[:, :1].expand_as(k))
    assert torch.allclose(turned_q.norm(dim=-1), q[:, :1].norm(dim=-1).expand(1, 40, 1), atol=1e-6)
    scores = (turned_q.squeeze() @ turned_k.squeeze().T).diagonal(offset=-3)
    assert (scores - scores[0]).abs().max() < 1e-5
    assert torch.allclose(unit(rotary(q)), rotary(unit(q)), atol=1e-6)
    assert torch.allclose(rotary(q[:, 5:], start=5), rotary(q)[:, 5:], atol=1e-12)


def test_attention_with_fewer_heads_of_keys() -> None:
    q, k, v = torch.randn(2, 6, 4, 8), torch.randn(2, 6, 2, 8), torch.randn(2, 6, 2, 8)
    many = attend(q, k.repeat_interleave(2, 2), v.repeat_interleave(2, 2), 0.5)
    assert torch.allclose(attend(q, k, v, 0.5), many, atol=1e-6)
    assert attention_pattern(q, k, 0.5).shape == (2, 4, 6, 6)
    model = build_model(small("gpt", kv_heads=1))
    assert model(tokens_for(model.config)).shape == (2, 12, 256)


@pytest.mark.parametrize("kind", ["gpt", "gpt-qknorm"])
def test_shared_heads_are_heads_repeated(kind: str) -> None:
    torch.manual_seed(0)
    shape = {"heads": 4, "d_head": 6, "d_model": 12}
    few, many = build_model(small(kind, kv_heads=2, **shape)), build_model(small(kind, **shape))
    assert few.blocks[0].attention.qkv.weight.shape == (24 + 12 + 12, 12)
    weights = few.state_dict()
    for name, weight in weights.items():
        if name.endswith("qkv.weight"):
            q, k, v = weight.split((24, 12, 12))
            repeated = (x.view(2, 6, 12).repeat_interleave(2, 0).flatten(0, 1) for x in (k, v))
            weights[name] = torch.cat((q, *repeated))
    many.load_state_dict(weights)
    tokens = tokens_for(few.config)
    assert torch.allclose(few(tokens), many(tokens), atol=1e-6)
    for model in (few, many):
        model(tokens).square().mean().backward()
    mine, theirs = (model.blocks[0].attention.qkv.weight.grad for model in (few, many))
    added = theirs[24:].view(2, 2, 2, 6, 12).sum(2).flatten(0, 2)
    assert torch.allclose(mine, torch.cat((theirs[:24], added)), atol=1e-6)


def test_rms_norm() -> None:
    norm, x = RMSNorm(8), torch.randn(3, 8)
    expected = x / (x.square().mean(-1, keepdim=True) + norm.eps / 8).sqrt()
    assert torch.allclose(norm(x), expected, atol=1e-6)


def test_qk_norm_of_the_baseline_bounds_its_scores() -> None:
    model = build_model(small("gpt-qknorm"))
    with torch.no_grad():
        model.blocks[0].attention.qkv.weight.mul_(100)
    trace: dict[str, Tensor] = {}
    model(tokens_for(model.config), trace)
    assert trace["layer0.q"].norm(dim=-1).max() <= 8**0.5 + 1e-4
