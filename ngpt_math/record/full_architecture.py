"""Chapter 7's numbers: what the larger nGPT is made of, and a prompt on its way through."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ngpt_math import measure
from ngpt_math.checkpoint import Model
from ngpt_math.corpus import read_corpus
from ngpt_math.layers import RMSNorm, Scale, Trace
from ngpt_math.record.models import Models, Shipped, floats, letters, sources
from ngpt_math.record.scale_management import KINDS, of_kinds
from ngpt_math.record.slerp_vs_lerp import alphas, residual_path, stepped
from ngpt_math.recordings import FullArchitecture

PROMPT = "O brave new w"  # The Tempest V.1, in the validation text
CHOSEN_BY = (
    "a line of the validation text, which no model was trained on, cut after the first letter of"
    " its last word; the bars are the letters that each model finds likeliest"
)
OF_TOKENS = (
    "a line of The Tempest, cut for the toy after the first letter of its last word, for the larger"
    " model, whose tokens are longer than letters, before that word; the bars are the tokens that"
    " each model finds likeliest"
)
# What the rule says, and says instead of models whose training text is not known.
UNSEEN = ("the validation text, which no model was trained on,", "The Tempest,")
TOP = 8
TOLERANCE = 1e-5


def full_architecture(models: Models) -> FullArchitecture:
    """Run the prompt through the toy and the larger nGPT and fill the recording."""
    toy, ngpt, gpt = (models.load(name) for name in ("toy ngpt", "mini ngpt", "mini gpt"))
    kept = models.history("mini ngpt")
    scales = of_kinds(ngpt, kept.arrays).values()
    prompt = prompt_of(ngpt)
    toy_trace, trace = toy.trace(PROMPT), ngpt.trace(prompt)
    return FullArchitecture(
        sources=sources((toy, ngpt, gpt, kept)),
        prompt=letters(toy, toy.encode(PROMPT)),
        mini_prompt=ngpt.pieces(ngpt.encode(prompt)),
        noun=ngpt.noun,
        goes_on=goes_on(PROMPT),
        mini_goes_on=(PROMPT.removeprefix(prompt) + goes_on(PROMPT)).replace(" ", "␣"),
        chosen_by=chosen_by(toy, ngpt),
        alphabet=letters(toy, range(toy.model.config.vocab)),
        learned_plays=floats(ngpt.learned_plays),
        kinds=",".join(KINDS),
        **shape(ngpt.model),
        **norms(ngpt.model, gpt.model, trace),
        embeddings=floats(toy.model.embed.weight),
        output_embeddings=floats(toy.model.unembed.weight),
        token_ids=floats(toy.encode(PROMPT)),
        **flow(toy, toy_trace),
        **bars(toy, toy_trace, ""),
        **bars(ngpt, trace, "mini_"),
        mini_moved=floats(residual_path(trace, ngpt.model.config.layers)["moved"][:, -1]),
        recall_start=floats([abs_mean(kind[0]) for kind in scales]),
        recall_end=floats([abs_mean(kind[-1]) for kind in scales]),
    )


def prompt_of(ngpt: Shipped) -> str:
    """The larger model's prompt: where tokens may be words, it ends with a word."""
    return PROMPT if ngpt.noun == "letter" else PROMPT.rpartition(" ")[0]


def chosen_by(*models: Shipped) -> str:
    """The rule, as far as it is true of these models."""
    if any(each.noun != "letter" for each in models):
        return OF_TOKENS
    known = all(each.learned_plays for each in models)
    return CHOSEN_BY if known else CHOSEN_BY.replace(*UNSEEN)


def goes_on(prompt: str) -> str:
    """What follows the prompt in the corpus, to the end of the word."""
    return "".join(takewhile(str.isalpha, read_corpus().partition(prompt)[2]))


def abs_mean(values: np.ndarray) -> float:
    """Mean without sign."""
    return float(np.abs(values).mean())


def shape(model: Model) -> dict[str, Any]:
    """The larger model's sizes, and how many of its numbers are scales."""
    config = model.config
    scales = [module for module in model.modules() if isinstance(module, Scale)]
    return {
        "layers": floats(config.layers),
        "d_model": floats(config.d_model),
        "heads": floats(config.heads),
        "head_dim": floats(config.d_head),
        "d_mlp": floats(config.d_mlp),
        "vocabulary": floats(config.vocab),
        "context": floats(config.context),
        "parameters": floats(sum(p.numel() for p in model.parameters())),
        "scale_parameters": floats(sum(scale.stored.numel() for scale in scales)),
    }


def norms(ngpt: Model, gpt: Model, trace: Trace) -> dict[str, Any]:
    """How many normalizations there are, counted in what the models do and are made of."""
    points = normalized_points(ngpt, trace)
    inner = [m for m in gpt.get_submodule("blocks.0").modules() if isinstance(m, RMSNorm)]
    every = [m for m in gpt.modules() if isinstance(m, RMSNorm)]
    unit = [w for _, w, axis in measure.matrices(ngpt) if is_unit(ngpt, w.movedim(axis, -1))]
    names = [name for name, *_ in measure.matrices(ngpt)]
    inside = [name for name in names if name.startswith("layer")]
    return {
        "norm_points": ",".join(points),
        "norms_per_layer": floats(len(points)),
        "norms": floats(len(points) * ngpt.config.layers),
        "gpt_norms_per_layer": floats(len(inner)),
        "gpt_norms": floats(len(every)),
        "normalized_matrices": floats(len(unit)),
        "matrices": floats(len(names)),
        "layer_matrices": floats(len(inside) / ngpt.config.layers),
        "other_matrices": floats(len(names) - len(inside)),
    }


def normalized_points(model: Model, trace: Trace) -> list[str]:
    """The results of the first layer, in order, whose vectors all have length 1.

    s_qk comes after the normalization of q and k and is divided out again; h_in is the result of
    what is before the layer.
    """
    s_qk = model.get_submodule("blocks.0.attention.s_qk")
    assert isinstance(s_qk, Scale)
    scale = s_qk.effective().detach().view(model.config.heads, -1)
    inside = {n.split(".")[1]: v for n, v in trace.items() if n.startswith("layer0.")}
    inside |= {"q": inside["q"] / scale, "k": inside["k"] / scale}
    order = ("q", "k", "h_attention", "h_mid", "h_mlp", "h_out")
    found = [name for name, v in inside.items() if name != "h_in" and is_unit(model, v)]
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def is_unit(model: Model, vectors: Tensor) -> bool:
    """Whether all vectors along the last axis have length 1 in each group, or lie in the shell."""
    if vectors.shape[-1] % model.config.groups:
        return False
    lengths = vectors.unflatten(-1, (model.config.groups, -1)).norm(dim=-1)
    return bool(((lengths - 1).abs() <= model.config.norm_eps + TOLERANCE).all())


def flow(toy: Shipped, trace: Trace) -> dict[str, Any]:
    """Where the hidden states of all letters go, and what drew the last one."""
    path = residual_path(trace, toy.model.config.layers)
    ends = stepped(path, alphas(toy.model), -1)
    return {
        "paths": floats(path["states"]),
        "suggestions": floats(path["suggestions"][:, -1]),
        "stepped": floats(ends),
        "stepped_length": floats(ends.norm(dim=-1)),
        "moved": floats(path["moved"][:, -1]),
        "cosines": floats(torch.as_tensor(toy.model.unembed.weight) @ path["states"][-1, -1]),
        "s_z": floats(logit_scales(toy.model)),
    }


def logit_scales(model: Model) -> Tensor:
    """The effective s_z, one for each letter."""
    scale = model.get_submodule("s_logit")
    assert isinstance(scale, Scale)
    return scale.effective().detach()


def bars(model: Shipped, trace: Trace, prefix: str) -> dict[str, Any]:
    """The likeliest tokens after the prompt, their logits and probabilities."""
    logits = trace["logits"][0, -1]
    best = logits.topk(TOP).indices
    tokens = "mini_tokens" if prefix else "toy_tokens"
    return {
        tokens: model.pieces(best) if prefix else letters(model, best),
        f"{prefix}logits": floats(logits[best]),
        f"{prefix}probabilities": floats(logits.softmax(-1)[best]),
        f"{prefix}rest": floats(1 - logits.softmax(-1)[best].sum()),
    }
