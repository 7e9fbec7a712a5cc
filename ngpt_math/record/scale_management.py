"""Chapter 6's numbers: the larger nGPT's learned scales, and what other values would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ngpt_math.checkpoint import Model
from ngpt_math.config import ModelConfig
from ngpt_math.history import Arrays
from ngpt_math.layers import Scale, Trace
from ngpt_math.record.attention import SENTENCE, Head, chosen, texts, uniform_entropy
from ngpt_math.record.models import (
    Models,
    Shipped,
    entropy,
    floats,
    kept_along,
    letters,
    sources,
    trace_tokens,
)  # fmt: skip
from ngpt_math.recordings import ScaleManagement

# Kinds of scales: the paper's name, the end of the module's name, and its two numbers.
KINDS = {
    "α_A": ("alpha_attention", "alpha_init", "alpha_scale"),
    "α_M": ("alpha_mlp", "alpha_init", "alpha_scale"),
    "s_qk": ("s_qk", "s_qk_init", "s_qk_scale"),
    "s_u": ("s_hidden", "s_hidden_init", "s_hidden_scale"),
    "s_ν": ("s_gate", "s_gate_init", "s_gate_scale"),
    "s_z": ("s_logit", "s_logit_init", "s_logit_scale"),
}
CHOSEN_BY = (
    "sentence, head and letter are those of the attention chapter; entropies and losses are means"
    " over evenly spread windows of the validation text; factors run from 1/d_k, which puts 1/√d_k"
    " in the place of √d_k, to d_k; the bars are the letters likeliest at factor 1"
)
FACTORS = 41
TOKENS = 2048  # of validation text, for means
AT_ONCE = 1 << 23  # logits
TOP = 8
QUANTILES = np.linspace(0, 1, 41)
INNER = slice(1, -1)  # quantiles that are drawn
SWEEP = 41  # factors from 1/√d to 1
POINTS = 121  # of the SiLU curve


def scale_management(models: Models) -> ScaleManagement:
    """Run the larger nGPT and fill the recording."""
    ngpt, gpt, toy = (models.load(name) for name in ("mini ngpt", "mini gpt", "toy ngpt"))
    kept = models.history("mini ngpt")
    model = ngpt.model
    said, _ = texts(ngpt, gpt)
    head, _, query, _ = chosen(ngpt, gpt)
    factors = model.config.d_head ** torch.linspace(-1, 1, FACTORS, dtype=torch.float64)
    count = max(1, TOKENS // model.config.context)
    windows = ngpt.spread(ngpt.texts[1], count)
    trace = trace_tokens(model, windows[:, :-1])
    return ScaleManagement(
        sources=sources((ngpt, gpt, toy, kept)),
        prompt=ngpt.pieces(ngpt.encode(said)),
        noun=ngpt.noun,
        measured_on=ngpt.measured_on,
        learned_plays=floats(ngpt.learned_plays),
        chosen_by=chosen_by(ngpt),
        kinds=",".join(KINDS),
        learning_rate=floats(models.training("mini ngpt")["lr"]),
        **settings(model.config),
        **one_step(ngpt, kept.arrays),
        **over_training(ngpt, kept.arrays),
        multiplier=floats(factors),
        trained=floats(FACTORS // 2),
        window=floats(windows.shape[1] - 1),
        **sharpness(model, trace, head, query, factors),
        **gates(model, trace),
        **confidence(ngpt, said, (trace["logits"], windows[:, 1:]), factors),
        **on_the_sphere(toy),
        recall_pattern=floats(head.pattern),
        recall_weights=floats(head.pattern[query, : query + 1]),
        layer=floats(head.layer),
        head=floats(head.head),
        query=floats(query),
    )


def chosen_by(ngpt: Shipped) -> str:
    """The rule, as far as it is true of this model."""
    rule = CHOSEN_BY
    if not ngpt.learned_plays:
        rule = rule.replace("the validation text", ngpt.measured_on.replace(";", ","))
    return rule.replace("letter", ngpt.noun)


def settings(config: ModelConfig) -> dict[str, Any]:
    """The two numbers of every kind."""
    init = np.array([getattr(config, kind[1]) for kind in KINDS.values()])
    scale = np.array([config.scale_or_default(getattr(config, k[2])) for k in KINDS.values()])
    return {"init": floats(init), "scale": floats(scale), "factor": floats(init / scale)}


def of_kinds(ngpt: Shipped, history: Arrays) -> dict[str, NDArray[np.float64]]:
    """Effective values of each kind over training, all layers side by side [S, n].

    Of s_z those of the tokens in use: the others only ever learn not to be chosen, and grow on.
    """
    kinds = {kind: kept_along(history, "scale.", names[0]) for kind, names in KINDS.items()}
    kinds["s_z"] = kinds["s_z"][:, used(ngpt)]
    return kinds


def used(ngpt: Shipped) -> NDArray[np.int64]:
    """The tokens that occur in the training text, in order; in all plays, if it is not known."""
    first, rest = ngpt.texts
    return np.unique(first if ngpt.learned_plays else np.concatenate((first, rest))).astype(int)


def one_step(ngpt: Shipped, history: Arrays) -> dict[str, Any]:
    """How far the first recorded step that lies between two snapshots moved each kind."""
    config, steps = ngpt.model.config, history["snapshot.step"]
    factor = settings(config)["factor"]
    first = int((np.diff(steps) == 1).argmax())
    moved = [np.abs(kind[first + 1] - kind[first]) for kind in of_kinds(ngpt, history).values()]
    effective = np.array([each.mean() for each in moved])
    return {
        "one_step_at": floats(steps[first]),
        "one_step": floats(effective),
        "one_step_share": floats(100 * effective / settings(config)["init"]),
        "one_step_stored": floats(effective / factor),
    }


def over_training(ngpt: Shipped, history: Arrays) -> dict[str, Any]:
    """Mean size and spread of each kind by snapshot."""
    sizes = {kind: np.abs(values) for kind, values in of_kinds(ngpt, history).items()}
    effective = np.stack([size.mean(1) for size in sizes.values()])
    low, high = (
        np.stack([np.quantile(size, share, axis=1) for size in sizes.values()])
        for share in (0.1, 0.9)
    )
    return {
        "steps": floats(history["snapshot.step"]),
        "effective": floats(effective),
        "effective_low": floats(low),
        "effective_high": floats(high),
        "stored": floats(effective / settings(ngpt.model.config)["factor"][:, None]),
        "used": floats(len(used(ngpt))),
    }


def sharpness(
    model: Model, trace: Trace, head: Head, query: int, factors: Tensor
) -> dict[str, Any]:
    """Attention with s_qk² multiplied, on activations as they are."""
    scores = head.scale * head.dots[query, : query + 1]
    attention = (factors[:, None] * scores).softmax(-1)
    layers = range(model.config.layers)
    means = [mean_entropies(attention_logits(model, trace, n), factors) for n in layers]
    return {
        "attention": floats(attention),
        "query_entropy": floats(entropy(attention)),
        "attention_entropy": floats(torch.stack(means).mean(0)),
        "attention_entropy_uniform": floats(uniform_entropy(trace["layer0.q"].shape[1])),
    }


def mean_entropies(logits: Tensor, factors: Tensor) -> Tensor:
    """Mean entropy of softmax(factor · logits) for each factor."""
    return torch.stack([entropy((factor * logits).softmax(-1)).mean() for factor in factors])


def in_parts(found: Callable[[Tensor, Tensor], Tensor], logits: Tensor, targets: Tensor) -> Tensor:
    """A mean over logits [n, V] and targets [n] from parts: of a large vocabulary all are much."""
    rows = max(1, AT_ONCE // logits.shape[-1])
    parts = zip(logits.split(rows), targets.split(rows), strict=True)
    sums = [found(part, target) * (len(part) / len(logits)) for part, target in parts]
    return torch.stack(sums).sum(0)


def losses(logits: Tensor, targets: Tensor, factors: Tensor) -> Tensor:
    """Mean loss for each factor on the logits."""
    return torch.stack([F.cross_entropy(factor * logits, targets) for factor in factors])


def attention_logits(model: Model, trace: Trace, layer: int) -> Tensor:
    """√d_k q·k of all heads of a layer of an nGPT, −∞ for the future [B, H, T, T]."""
    q, k = trace[f"layer{layer}.q"], trace[f"layer{layer}.k"]
    logits = model.config.d_head**0.5 * q.transpose(1, 2) @ k.permute(0, 2, 3, 1)
    seen = torch.ones(logits.shape[-2:], dtype=torch.bool).tril()
    return logits.masked_fill(~seen, -torch.inf)


def gates(model: Model, trace: Trace) -> dict[str, Any]:
    """The argument of SiLU with and without √d, and how far SiLU is from a line on it."""
    layers = range(model.config.layers)
    gate = torch.stack([trace[f"layer{n}.nu"] for n in layers]).flatten()
    raw = gate / model.config.d_model**0.5
    line = curve_over(gate)
    return {
        **straightness(gate, model.config.d_model),
        "d_model": floats(model.config.d_model),
        "root_d": floats(model.config.d_model**0.5),
        "share": floats(QUANTILES),
        "gate_raw": floats(np.quantile(raw.numpy(), QUANTILES)),
        "gate": floats(np.quantile(gate.numpy(), QUANTILES)),
        "gate_line": floats(line),
        "silu": floats(F.silu(line)),
        "half": floats(line / 2),
        "gate_rms_raw": floats(rms(raw)),
        "gate_rms": floats(rms(gate)),
        "gate_bend_raw": floats(bend(raw)),
        "gate_bend": floats(bend(gate)),
    }


def curve_over(gate: Tensor) -> Tensor:
    """Where SiLU is drawn: over the values but for their tails, and some way to both sides of 0."""
    inner = np.quantile(gate.numpy(), QUANTILES[INNER])
    ends = min(np.floor(inner[0]), -3.0), max(np.ceil(inner[-1]), 3.0)
    return torch.linspace(*ends, POINTS, dtype=torch.float64)


def straightness(gate: Tensor, d_model: int) -> dict[str, Any]:
    """How well a straight line stands in for SiLU, while ν grows from without √d to with it."""
    factors = np.geomspace(d_model**-0.5, 1, SWEEP)
    inner = np.quantile(gate.numpy(), QUANTILES[INNER])
    fits = [nearest_line((gate * factor).numpy()) for factor in factors]
    swept = factors[:, None] * inner
    return {
        "gate_factor": floats(factors),
        "gate_swept": floats(swept),
        "silu_swept": floats(F.silu(torch.from_numpy(swept))),
        "fit_swept": floats([a * x + b for (a, b, _), x in zip(fits, swept, strict=True)]),
        "fit_share": floats([100 * share for *_, share in fits]),
    }


def nearest_line(gate: NDArray[np.float64]) -> tuple[float, float, float]:
    """Slope and offset of the line nearest to SiLU on these values; the variance it explains."""
    silu = F.silu(torch.from_numpy(gate)).numpy()
    slope, offset = np.polyfit(gate, silu, 1)
    rest = silu - (slope * gate + offset)
    return float(slope), float(offset), float(1 - rest.var() / silu.var())


def rms(values: Tensor) -> Tensor:
    """Root of the mean square."""
    return values.square().mean().sqrt()


def bend(gate: Tensor) -> Tensor:
    """How much of SiLU on these values is not its tangent at 0, x/2."""
    return rms(F.silu(gate) - gate / 2) / rms(F.silu(gate))


@torch.no_grad()
def on_the_sphere(toy: Shipped) -> dict[str, Any]:
    """The toy's last h after the sentence, and the directions of its letters."""
    h = toy.trace(SENTENCE)[f"layer{toy.model.config.layers - 1}.h_out"][0, -1]
    directions = toy.model.get_parameter("unembed.weight")
    return {
        "toy_prompt": letters(toy, toy.encode(SENTENCE)),
        "toy_letters": letters(toy, range(toy.model.config.vocab)),
        "toy_h": floats(h),
        "toy_directions": floats(directions),
        "toy_cosines": floats(directions @ h),
    }


def confidence(
    ngpt: Shipped, said: str, windows: tuple[Tensor, Tensor], factors: Tensor
) -> dict[str, Any]:
    """The output with s_z multiplied: bars after the sentence, entropy and loss over windows.

    Args:
        windows: logits [B, T, V] and targets [B, T].
    """
    model = ngpt.model
    after = ngpt.trace(said)["logits"][0, -1]
    best = after.topk(TOP).indices
    scale = model.get_submodule("s_logit")
    assert isinstance(scale, Scale)
    size = scale.effective().detach()
    cosines = after / size
    bars = (factors[:, None] * after).softmax(-1)[:, best]
    flat = windows[0].flatten(0, 1), windows[1].flatten()
    return {
        "next_tokens": ngpt.pieces(best),
        "probabilities": floats(bars),
        "cosines": floats(cosines[best]),
        "s_z": floats(size[best]),
        "logits": floats(after[best]),
        "unscaled": floats(cosines.softmax(-1)[best]),
        "vocab": floats(model.config.vocab),
        "output_entropy": floats(in_parts(lambda part, _: mean_entropies(part, factors), *flat)),
        "output_entropy_uniform": floats(np.log(model.config.vocab)),
        "output_loss": floats(in_parts(lambda part, next_: losses(part, next_, factors), *flat)),
    }
