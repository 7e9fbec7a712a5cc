"""Chapter 4's numbers: one residual update of the toy models, the learned α of the mini model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ngpt_math import sphere
from ngpt_math.layers import Trace
from ngpt_math.ngpt import NGPT
from ngpt_math.record.models import Models, Shipped, floats, sources, trace_tokens
from ngpt_math.recordings import SlerpVsLerp

PROMPT = "we are such stuff as dreams are made on"  # The Tempest IV.1, in the validation text
CHOSEN_BY = (
    "of all residual updates at all letters of the prompt, the quarter that moves the hidden state"
    " farthest is kept; of these, the one with the median angle from h to the suggestion is shown"
)
SWEEP = 101  # values of α, 0 to 1 in hundredths
CURVE = 181  # angles, 0 to π in degrees
WINDOWS = 8  # of validation text, for the mini model's angles


def slerp_vs_lerp(models: Models) -> SlerpVsLerp:
    """Run the toy and mini models and fill the recording."""
    toy, gpt, mini = (models.load(name) for name in ("toy ngpt", "toy gpt", "mini ngpt"))
    path = residual_path(toy.trace(PROMPT), toy.model.config.layers)
    update, position = choose(path)
    h, suggestion = path["states"][update, position], path["suggestions"][update, position]
    return SlerpVsLerp(
        sources=sources((toy, gpt, mini)),
        prompt=PROMPT,
        chosen_by=CHOSEN_BY,
        position=floats(position),
        update=floats(update),
        states=floats(path["states"][:, position]),
        suggestions=floats(path["suggestions"][:, position]),
        norms=floats(path["states"][:, position].norm(dim=-1)),
        stepped=floats(stepped(path, alphas(toy.model), position)),
        alphas=floats(torch.stack(alphas(toy.model))),
        angles=floats(path["angles"][:, position]),
        moved=floats(path["moved"][:, position]),
        off_arc=floats(off_arc(path, position)),
        **baseline(gpt, position),
        **sweep(h, suggestion),
        **ratio_curve(),
        **learned(mini),
        **recall(toy, path["states"][0, position]),
    )


def residual_path(trace: Trace, layers: int) -> dict[str, Tensor]:
    """The hidden states and suggestions of a text, in the order of the 2·layers updates.

    states [updates + 1, T, d], suggestions [updates, T, d], angles and moved [updates, T].
    """
    each = [f"layer{layer}" for layer in range(layers)]
    inside = [trace[f"{at}.{name}"][0] for at in each for name in ("h_mid", "h_out")]
    states = torch.stack([trace["layer0.h_in"][0], *inside]).double()
    blocks = [trace[f"{at}.{name}"][0] for at in each for name in ("h_attention", "h_mlp")]
    suggestions = torch.stack(blocks).double()
    return {
        "states": states,
        "suggestions": suggestions,
        "angles": sphere.angle(states[:-1], suggestions),
        "moved": sphere.angle(states[:-1], states[1:]),
    }


def choose(path: dict[str, Tensor]) -> tuple[int, int]:
    """The (update, position) that `CHOSEN_BY` describes."""
    moved, angles = path["moved"].flatten().numpy(), path["angles"].flatten().numpy()
    far = np.argsort(-moved, kind="stable")[: len(moved) // 4]
    by_angle = far[np.argsort(angles[far], kind="stable")]
    chosen = int(by_angle[len(by_angle) // 2])
    update, position = divmod(chosen, path["moved"].shape[1])
    return update, position


def alphas(model: Any) -> list[Tensor]:
    """|α| of every update [d], in order."""
    scales = [s for block in model.blocks for s in (block.alpha_attention, block.alpha_mlp)]
    return [scale.effective().detach().abs() for scale in scales]


def stepped(path: dict[str, Tensor], sizes: list[Tensor], position: int) -> Tensor:
    """h + |α| ⊙ (suggestion − h) of every update [updates, d]: what Norm puts back."""
    h, suggestion = path["states"][:-1, position], path["suggestions"][:, position]
    return torch.lerp(h, suggestion, torch.stack(sizes).double())


def off_arc(path: dict[str, Tensor], position: int) -> Tensor:
    """The angle [updates] between the new state and the great circle of h and the suggestion."""
    states, suggestion = path["states"][:, position], path["suggestions"][:, position]
    poles = torch.linalg.cross(states[:-1], suggestion)
    sines = (poles * states[1:]).sum(-1) / poles.norm(dim=-1)
    return sines.clamp(-1, 1).arcsin().abs()


def baseline(gpt: Shipped, position: int) -> dict[str, Any]:
    """The baseline's hidden state at the same letter: h ← h + f(norm(h))."""
    trace = gpt.trace(PROMPT)
    each = [f"layer{layer}" for layer in range(gpt.model.config.layers)]
    inside = [trace[f"{at}.{name}"] for at in each for name in ("h_mid", "h_out")]
    states = torch.stack([trace["layer0.h_in"], *inside])[:, 0, position]
    added = [trace[f"{at}.{name}"] for at in each for name in ("f_attention", "f_mlp")]
    return {
        "gpt_states": floats(states),
        "gpt_outputs": floats(torch.stack(added)[:, 0, position]),
        "gpt_norms": floats(states.norm(dim=-1)),
    }


def sweep(h: Tensor, suggestion: Tensor) -> dict[str, Any]:
    """From h to the suggestion with a scalar α, along the chord and along the arc."""
    a, b = h.numpy()[None], suggestion.numpy()[None]
    share = np.linspace(0, 1, SWEEP)[:, None]
    chord, arc = sphere.lerp(a, b, share), sphere.slerp(a, b, share)
    back = sphere.normalize(chord)
    by_lerp, by_slerp = sphere.angle(a, back), sphere.angle(a, arc)
    limit = sphere.small_step_ratio(sphere.angle(a, b))
    return {
        "sweep_alpha": floats(share[:, 0]),
        "sweep_chord": floats(chord),
        "sweep_chord_norm": floats(sphere.norm(chord)[:, 0]),
        "sweep_lerp": floats(back),
        "sweep_slerp": floats(arc),
        "sweep_lerp_angle": floats(by_lerp),
        "sweep_slerp_angle": floats(by_slerp),
        "sweep_gap": floats(by_slerp - by_lerp),
        "sweep_share": floats(np.concatenate([limit, by_lerp[1:] / by_slerp[1:]])),
        "small_alpha": floats(share[1, 0]),
    }


def ratio_curve() -> dict[str, Any]:
    """How far a small step of LERP goes over one of SLERP, by the angle between the ends."""
    theta = np.linspace(0, np.pi, CURVE)
    return {"ratio_theta": floats(theta), "ratio": floats(sphere.small_step_ratio(theta))}


def learned(mini: Shipped) -> dict[str, Any]:
    """The mini model's α, and the angles of its updates over windows of validation text."""
    model = mini.model
    assert isinstance(model, NGPT)
    rows = mini.spread(mini.texts[1], WINDOWS)
    trace = trace_tokens(model, rows[:, :-1])
    config = model.config
    found: dict[str, Any] = {
        "alpha_init": floats(config.alpha_init),
        "alpha_abs": floats(config.alpha_abs),
    }
    sizes = torch.stack(alphas(model)).unflatten(0, (-1, 2))
    for index, (name, start, target, end) in enumerate(
        (("attn", "h_in", "h_attention", "h_mid"), ("mlp", "h_mid", "h_mlp", "h_out"))
    ):
        layers = range(config.layers)
        theta = torch.stack([angle_between(trace, layer, start, target) for layer in layers])
        moved = torch.stack([angle_between(trace, layer, start, end) for layer in layers])
        found |= {
            f"alpha_{name}": floats(sizes[:, index]),
            f"alpha_{name}_mean": floats(sizes[:, index].mean(-1)),
            f"theta_{name}": floats(theta),
            f"theta_{name}_median": floats(theta.median(-1).values),
            f"moved_{name}_median": floats(moved.median(-1).values),
        }
    return found


def angle_between(trace: Trace, layer: int, a: str, b: str) -> Tensor:
    """Angles between two kinds of vectors of a layer, at all positions [B·T]."""
    pair = (trace[f"layer{layer}.{name}"].flatten(0, 1).double() for name in (a, b))
    angles: Tensor = sphere.angle(*pair)
    return angles


def recall(toy: Shipped, h: Tensor) -> dict[str, Any]:
    """W_q of the toy nGPT's first layer, and its product with the embedding at the letter shown."""
    weight = toy.model.get_parameter("blocks.0.attention.qkv.weight").detach()
    queries = weight[: len(weight) // 3]
    return {"recall_weight": floats(queries), "recall_cosines": floats(queries @ h)}
