"""Chapter 5's numbers: one typical head of each larger model on one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ngpt_math import sphere
from ngpt_math.checkpoint import Model
from ngpt_math.layers import Scale, Trace
from ngpt_math.ngpt import NGPT
from ngpt_math.record.models import Models, Shipped, alike, entropy, floats, sources
from ngpt_math.record.slerp_vs_lerp import PROMPT, choose, residual_path
from ngpt_math.recordings import Attention

SENTENCE = "brave new world"  # The Tempest V.1, in the validation text
LINE = "How beauteous mankind is! O brave new world"  # the whole line, for longer tokens
CHOSEN_BY = (
    "in each model the head whose attention has the median entropy of all heads, averaged over the"
    " letters: a typical head, not the most striking one; the letter followed is the one whose"
    " attention, both heads' entropies added, is spread most; the rotation is drawn of the pair of"
    " entries that turns most without a full turn over the sentence"
)
# What the rule says, and says instead of models that read the sentence as different tokens.
APART = ("both heads' entropies added, is", "in each model, is")
SHOWN = 8  # entries of a hidden state that are drawn


@dataclass(frozen=True, slots=True)
class Head:
    """One head of a model on a text of T tokens; vectors are [T, d_k], in the model's precision.

    `dots` and `pattern` are [T, T], row by query; `scale` multiplies the dots before softmax.
    `x` [T, d] is what the layer's W_q, W_k and W_v are applied to.
    """

    layer: int
    head: int
    x: Tensor
    q_raw: Tensor
    k_raw: Tensor
    q: Tensor
    k: Tensor
    v: Tensor
    pattern: Tensor
    mixed: Tensor
    scale: float

    @property
    def dots(self) -> Tensor:
        """q·k of every query and key."""
        return self.q @ self.k.T


def attention(models: Models) -> Attention:
    """Run both larger models on the sentence and fill the recording."""
    ngpt, gpt, toy = (models.load(name) for name in ("mini ngpt", "mini gpt", "toy ngpt"))
    said, other_said = texts(ngpt, gpt)
    entropies = [
        head_entropies(each.model, each.trace(text))
        for each, text in ((ngpt, said), (gpt, other_said))
    ]
    head, other, query, other_query = chosen(ngpt, gpt)
    return Attention(
        sources=sources((ngpt, gpt, toy)),
        sentence=ngpt.pieces(ngpt.encode(said)),
        gpt_sentence=gpt.pieces(gpt.encode(other_said)),
        noun=noun(ngpt, gpt),
        chosen_by=chosen_by(ngpt, gpt),
        query=floats(query),
        gpt_query=floats(other_query),
        **projections(head, ""),
        **projections(other, "gpt_"),
        **lengths(head, *scales_of(ngpt.model, head)),
        gpt_q_lengths=floats(other.q.norm(dim=-1)),
        gpt_q_lengths_raw=floats(other.q_raw.norm(dim=-1)),
        gpt_k_lengths=floats(other.k.norm(dim=-1)),
        gpt_k_lengths_raw=floats(other.k_raw.norm(dim=-1)),
        s_qk_on_keys=floats(ngpt.model.config.s_qk_on_keys),
        qk_norm=floats(ngpt.model.config.qk_norm),
        gpt_qk_norm=floats(gpt.model.config.kind == "gpt-qknorm"),
        **one_query(head, query, ""),
        **one_query(other, other_query, "gpt_"),
        chance=floats(chance(head, 1 / head.q.shape[-1])),
        gpt_chance=floats(chance(other, 1.0)),
        entropies=floats(entropies[0]),
        gpt_entropies=floats(entropies[1]),
        entropies_mean=floats(entropies[0].mean()),
        gpt_entropies_mean=floats(entropies[1].mean()),
        entropy_uniform=floats(uniform_entropy(len(head.q))),
        gpt_entropy_uniform=floats(uniform_entropy(len(other.q))),
        **rotation(ngpt.model, head, query),
        **recall(toy),
    )


def sentence(*models: Shipped) -> str:
    """What these models read: more, if to all of them it is no more tokens than letters are."""
    longest = max(len(each.encode(LINE)) for each in models)
    return LINE if longest <= len(SENTENCE) else SENTENCE


def texts(ngpt: Shipped, gpt: Shipped) -> tuple[str, str]:
    """What each model reads: the same where they have the same tokens, else what is fit for each.

    What is long enough as letters is a handful of longer tokens only.
    """
    said = sentence(ngpt, gpt)
    return (said, said) if share_tokens(ngpt, gpt) else (sentence(ngpt), sentence(gpt))


def share_tokens(ngpt: Shipped, gpt: Shipped) -> bool:
    """Whether both models read the sentence as the same tokens."""
    return alike(ngpt, gpt, sentence(ngpt, gpt))


def noun(*models: Shipped) -> str:
    """What tokens are called that are those of several models."""
    return "letter" if all(each.noun == "letter" for each in models) else "token"


def chosen_by(ngpt: Shipped, gpt: Shipped) -> str:
    """The rule, as it is for these models."""
    said = CHOSEN_BY if share_tokens(ngpt, gpt) else CHOSEN_BY.replace(*APART)
    return said.replace("letter", noun(ngpt, gpt))


def chosen(ngpt: Shipped, gpt: Shipped) -> tuple[Head, Head, int, int]:
    """The heads of both models, and the query of which `CHOSEN_BY` speaks, in each one's tokens.

    Where they read the sentence as different tokens, each head alone decides.
    """
    said = texts(ngpt, gpt)
    head, other = (
        typical_head(each.model, each.trace(text))
        for each, text in zip((ngpt, gpt), said, strict=True)
    )
    spread = [entropy(each.pattern) for each in (head, other)]
    if share_tokens(ngpt, gpt):
        spread = [spread[0] + spread[1]] * 2
    return head, other, int(spread[0].argmax()), int(spread[1].argmax())


def head_entropies(model: Model, trace: Trace) -> Tensor:
    """Entropy of attention, averaged over queries (and texts), by layer and head [L, H]."""
    layers = range(model.config.layers)
    return torch.stack([entropy(trace[f"layer{n}.pattern"]).mean((0, 2)) for n in layers])


def uniform_entropy(length: int) -> float:
    """Mean entropy of attention over `length` tokens if all seen ones were attended alike."""
    return float(np.log(np.arange(1, length + 1)).mean())


def typical_head(model: Model, trace: Trace) -> Head:
    """The head of which `CHOSEN_BY` speaks, read from the trace of one text."""
    found = head_entropies(model, trace)
    order = found.flatten().argsort(stable=True)
    layer, head = divmod(int(order[len(order) // 2]), found.shape[1])
    return read_head(model, trace, layer, head)


def read_head(model: Model, trace: Trace, layer: int, head: int) -> Head:
    """One head from the trace of one text."""
    d_head, at = model.config.d_head, f"layer{layer}"
    shared = model.config.heads // trace[f"{at}.k"].shape[2]  # queries that share keys and values
    query, key = (
        {name: trace[f"{at}.{name}"][0][:, index] for name in names}
        for names, index in ((("q", "q_raw"), head), (("k", "k_raw", "v"), head // shared))
    )
    return Head(
        layer=layer, head=head, x=layer_input(model, trace, layer), **query, **key,
        pattern=trace[f"{at}.pattern"][0, head],
        mixed=trace[f"{at}.mixed"][0].unflatten(-1, (-1, d_head))[:, head],
        scale=d_head**0.5 if isinstance(model, NGPT) else d_head**-0.5,
    )  # fmt: skip


@torch.no_grad()
def layer_input(model: Model, trace: Trace, layer: int) -> Tensor:
    """What W_q, W_k and W_v of a layer are applied to [T, d]: h, or the baseline's norm(h)."""
    h = trace[f"layer{layer}.h_in"][0]
    if isinstance(model, NGPT):
        return h
    normed: Tensor = model.get_submodule(f"blocks.{layer}.attention_norm")(h)
    return normed


def projections(head: Head, prefix: str) -> dict[str, Any]:
    """Which head it is, what goes in, and q, k, v, pattern and output of all tokens."""
    found: dict[str, Any] = {"layer": head.layer, "head": head.head, "head_dim": head.q.shape[-1]}
    found |= {"inputs": head.x[:, :SHOWN], "q": head.q, "k": head.k, "v": head.v}
    found |= {"pattern": head.pattern, "mixed": head.mixed}
    return {f"{prefix}{name}": floats(values) for name, values in found.items()}


def scales_of(model: Model, head: Head) -> tuple[Tensor, Tensor]:
    """What multiplies the entries of a head's queries and keys [d_k]: effective s_qk, or ones.

    In some nGPTs it multiplies queries alone.
    """
    scale = model.get_submodule(f"blocks.{head.layer}.attention.s_qk")
    assert isinstance(scale, Scale)
    s_qk = scale.effective().detach().view(-1, model.config.d_head)[head.head]
    return s_qk, s_qk if model.config.s_qk_on_keys else torch.ones_like(s_qk)


def lengths(head: Head, s_qk: Tensor, on_keys: Tensor) -> dict[str, Any]:
    """Lengths of queries and keys before QK normalization, after it, and after s_qk."""
    return {
        "q_lengths_raw": floats(head.q_raw.norm(dim=-1)),
        "k_lengths_raw": floats(head.k_raw.norm(dim=-1)),
        "q_lengths_unit": floats((head.q / s_qk).norm(dim=-1)),
        "k_lengths_unit": floats((head.k / on_keys).norm(dim=-1)),
        "q_lengths": floats(head.q.norm(dim=-1)),
        "k_lengths": floats(head.k.norm(dim=-1)),
        "s_qk": floats(s_qk),
        "s_qk_mean": floats(s_qk.mean()),
    }


def one_query(head: Head, query: int, prefix: str) -> dict[str, Any]:
    """From dot products to attention, for the query that is followed."""
    dots = head.dots[query, : query + 1]
    found: dict[str, Any] = {"dots": dots, "scale": head.scale, "scores": dots * head.scale}
    found |= {"weights": head.pattern[query, : query + 1]}
    return {f"{prefix}{name}": floats(values) for name, values in found.items()}


def chance(head: Head, entry: float) -> list[float]:
    """RMS of q·k for random q and k whose entries have the mean square `entry`: d_k of them.

    Before the head's factor, and after it.
    """
    size = head.q.shape[-1] ** 0.5 * entry
    return [size, size * head.scale]


def rotation(model: Model, head: Head, query: int) -> dict[str, Any]:
    """The rotary embedding at work on the query that is followed and the key it attends to most.

    Both are normalized, which commutes with the rotation. s_qk, which comes after it, does not.
    """
    key, places = int(head.pattern[query].argmax()), len(head.q)
    raw = torch.stack((head.q_raw[query], head.k_raw[key]))
    q, k = model.rotary(sphere.normalize(raw).expand(places, -1, -1)).unbind(1)
    turns = torch.as_tensor(model.rotary.frequency)
    pair = min(int((turns * (places - 1) >= 2 * np.pi).sum()), len(turns) - 1)
    entries = [pair, pair + len(turns)]
    s_qk, on_keys = scales_of(model, head)
    scores, scaled = q @ k.T, (q * s_qk) @ (k * on_keys).T
    return {
        "rope_key": floats(key),
        "rope_pair": floats(pair),
        "rope_angle": floats(turns[pair]),
        "rope_angles": floats(turns),
        "rope_q": floats(q[:, entries]),
        "rope_k": floats(k[:, entries]),
        "rope_q_lengths": floats(q.norm(dim=-1)),
        "rope_scores": floats(scores),
        "rope_by_offset": floats([scores.diagonal(-n).mean() for n in range(places)]),
        "rope_spread": floats(diagonal_spread(scores)),
        "rope_scores_scaled": floats(scaled),
        "rope_scaled_spread": floats(diagonal_spread(scaled)),
        "rope_scale_pairs": floats(s_qk.abs().unflatten(0, (2, -1))),
    }


def diagonal_spread(scores: Tensor) -> float:
    """Largest difference between two scores at the same distance, query not before key."""
    diagonals = [scores.diagonal(-n) for n in range(len(scores))]
    return max(float(diagonal.max() - diagonal.min()) for diagonal in diagonals)


def recall(toy: Shipped) -> dict[str, Any]:
    """Chapter 4's update: h, what the block suggests, and where h goes."""
    path = residual_path(toy.trace(PROMPT), toy.model.config.layers)
    update, position = choose(path)
    return {
        "recall_update": floats(update),
        "recall_prompt": PROMPT,
        "recall_position": floats(position),
        "recall_h": floats(path["states"][update, position]),
        "recall_suggestion": floats(path["suggestions"][update, position]),
        "recall_next": floats(path["states"][update + 1, position]),
        "recall_angle": floats(path["angles"][update, position]),
        "recall_moved": floats(path["moved"][update, position]),
    }
