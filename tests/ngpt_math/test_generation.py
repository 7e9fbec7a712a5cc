"""A cache of keys and values changes the cost of a text, not the text."""

from __future__ import annotations

import pytest
import torch
from conftest import small
from torch import Tensor

from ngpt_math.cache import empty_cache
from ngpt_math.checkpoint import Model, build_model
from ngpt_math.config import KINDS, ModelConfig
from ngpt_math.decoding import folded
from ngpt_math.fidelity import as_in
from ngpt_math.generation import GREEDY, Sampling, generate
from ngpt_math.layers import RMSNorm, Scale

CONFIGS = {
    **{kind: small(kind) for kind in KINDS},
    "gpt, one kv head": small("gpt", kv_heads=1),
    "gpt-qknorm, one kv head": small("gpt-qknorm", kv_heads=1),
    "no qk norm": small(qk_norm=False),
    "shell": small(norm_eps=0.2),
    "groups": small(groups=2),
    "nvidia": as_in("nvidia", small()),
    "lucidrains": as_in("lucidrains", small()),
}


def model_of(config: ModelConfig) -> Model:
    """A model whose scales and gains are not at their starting values, so that it has opinions."""
    torch.manual_seed(0)
    model = build_model(config)
    for module in model.modules():
        vector = {Scale: "stored", RMSNorm: "gain"}.get(type(module))
        if vector is not None:
            getattr(module, vector).data.mul_(0.5 + torch.rand(()) * 2)
    if config.normalized:
        model.s_logit.stored.data.mul_(20.0)
    return model


def prompt_for(config: ModelConfig, batch: int = 2) -> Tensor:
    """Some tokens to start from."""
    return torch.randint(0, config.vocab, (batch, 5), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize(
    "sampling", [GREEDY, Sampling(0.7, 20, 5), Sampling(1.5)], ids=["greedy", "top20", "all"]
)
def test_the_cache_changes_no_token(config: ModelConfig, sampling: Sampling) -> None:
    model, prompt = model_of(config), prompt_for(config)
    text = generate(model, prompt, 30, sampling)  # beyond the context of 16
    assert text.shape == (2, 35) and torch.equal(text[:, :5], prompt)
    assert torch.equal(text, generate(model, prompt, 30, sampling, cached=False))


@torch.no_grad()
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_logits_with_a_cache_are_those_without(config: ModelConfig) -> None:
    model, tokens = model_of(config).double(), torch.randint(0, 256, (2, 12))
    whole = model(tokens)
    cache = empty_cache(config, 2, 12, whole)
    parts = [model(part, cache=cache) for part in tokens.split((3, 1, 6, 2), 1)]
    assert [layer.length for layer in cache] == [12] * config.layers
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-9)


@torch.no_grad()
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_the_folded_model_is_the_model(config: ModelConfig) -> None:
    model, tokens = model_of(config).double(), torch.randint(0, 256, (2, 12))
    decoder = folded(model)
    if decoder is None:
        assert not config.as_printed or config.groups > 1 or config.norm_eps > 0
        return
    cache = empty_cache(config, 2, 12, next(model.parameters()))
    read = torch.stack([decoder(token, cache) for token in tokens.T], 1)
    assert torch.allclose(read, model(tokens), atol=1e-9)


def test_a_seed_is_a_text_and_another_seed_another() -> None:
    model, prompt = model_of(small()), prompt_for(small())
    texts = [generate(model, prompt, 20, Sampling(1.0, None, seed)) for seed in (1, 1, 2)]
    assert torch.equal(texts[0], texts[1]) and not torch.equal(texts[0], texts[2])


def test_top_1_is_greedy() -> None:
    model, prompt = model_of(small()), prompt_for(small())
    assert torch.equal(generate(model, prompt, 20, Sampling(2.0, 1)), generate(model, prompt, 20))


def test_generation_leaves_the_model_as_it_was() -> None:
    model = model_of(small())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    generate(model, prompt_for(small()), 3)
    assert model.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[n]) for n, tensor in model.state_dict().items())


@pytest.mark.parametrize("bad", [{"temperature": -1.0}, {"top_k": 0}])
def test_impossible_draws_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Sampling(**bad)  # type: ignore[arg-type]


def test_a_text_needs_a_beginning() -> None:
    with pytest.raises(ValueError, match="prompt"):
        generate(model_of(small()), torch.empty(1, 0, dtype=torch.int64), 3)
