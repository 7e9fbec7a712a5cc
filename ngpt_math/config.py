"""What a model is and how it is trained: frozen settings, and the presets. No torch.

`ngpt` is the normalized transformer, `gpt` the traditional one of the same shapes, `gpt-qknorm` the
same with RMS-normalized queries and keys, the control without which no comparison says much.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from ngpt_math.errors import UsageError

KINDS = ("ngpt", "gpt", "gpt-qknorm")
PRECISIONS = ("auto", "single", "bf16")
ROPES = ("rotation", "nvidia")
WHOLE = ("vocab", "d_model", "layers", "heads", "d_head", "d_mlp", "context", "groups", "kv_heads")
POSITIVE = (
    "alpha_scale", "s_qk_scale", "s_hidden_scale", "s_gate_scale", "s_logit_scale", "rope_base",
    "init_std",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The shape of a model and the starting values of its scales.

    Every learnable scale has two numbers (section 2.5 of the paper): the forward pass starts at
    `init`; the stored parameter starts at `scale`, and an optimizer step of size lr on it moves the
    value used in the forward pass by lr · init/scale. A `scale` of None is 1/√d_model.

    Attributes:
        kind: "ngpt", "gpt" or "gpt-qknorm".
        tokenizer: "letters", "bytes", or a vocabulary that the project does not have.
        vocab: V. d_model: d. layers: L. heads: H. d_head: d_k. d_mlp: width of each MLP branch.
        context: the longest sequence in training, tokens.
        kv_heads: heads of keys and values of the baseline, None for as many as `heads`.
        rope_base: base of the rotary embedding.
        qk_norm: normalize queries and keys (eq. 15, 16); the nGPT only, the baseline has a kind.
        norm_eps: half width of the shell in which weights, queries and keys keep their length; 0 in
            the paper, where Norm(x) = x/‖x‖.
        groups: parts of a vector that are normalized one by one; 1 in the paper.
        alpha_init, alpha_scale: α_A and α_M, the eigen learning rates (eq. 10, 11).
        s_qk_init, s_qk_scale: s_qk of queries and keys (eq. 15, 16).
        s_hidden_init, s_hidden_scale: s_u of the MLP (eq. 20).
        s_gate_init, s_gate_scale: s_ν of the MLP's gate (eq. 21).
        s_logit_init, s_logit_scale: s_z of the logits (eq. 3).
        init_std: standard deviation of the baseline's weights at the start.

    The rest tells other people's nGPTs from the paper's, whose values are the defaults; `fidelity`
    sets them by name.

    Attributes:
        parametrize: weights are normalized whenever they are read instead of after each step.
        unit_embedding: an embedding enters at length 1, even where norm_eps or groups gave it
            another.
        rope: "rotation", or "nvidia" for the table of NVIDIA/ngpt, which turns nothing.
        s_qk_on_keys: s_qk multiplies keys as well as queries.
        alpha_abs: |α| in the forward pass instead of α.
        root_on_hidden: u is multiplied by √d as the gate is.
        renormalize: hidden states are normalized once more before each update.
        value_residual: values are averaged with those of the first layer.
    """

    kind: str
    tokenizer: str
    vocab: int
    d_model: int
    layers: int
    heads: int
    d_head: int
    d_mlp: int
    context: int
    kv_heads: int | None = None
    rope_base: float = 10000.0
    qk_norm: bool = True
    norm_eps: float = 0.0
    groups: int = 1
    alpha_init: float = 0.05
    alpha_scale: float | None = None
    s_qk_init: float = 1.0
    s_qk_scale: float | None = None
    s_hidden_init: float = 1.0
    s_hidden_scale: float = 1.0
    s_gate_init: float = 1.0
    s_gate_scale: float = 1.0
    s_logit_init: float = 1.0
    s_logit_scale: float | None = None
    init_std: float = 0.02
    parametrize: bool = False
    unit_embedding: bool = True
    rope: str = "rotation"
    s_qk_on_keys: bool = True
    alpha_abs: bool = True
    root_on_hidden: bool = False
    renormalize: bool = False
    value_residual: bool = False

    def __post_init__(self) -> None:
        """Refuse settings that no model can have.

        Raises:
            ValueError: names the setting.
        """
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        for name in WHOLE:
            value = getattr(self, name)
            if not (isinstance(value, int) and value > 0) and (name, value) != ("kv_heads", None):
                raise ValueError(f"{name} is {value!r}, expected a positive whole number")
        for name in POSITIVE:
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0 < value < inf) and value is not None:
                raise ValueError(f"{name} is {value!r}, expected a positive number")
        if self.heads % (self.kv_heads or self.heads) or self.d_head % 2:
            raise ValueError("kv_heads must divide heads, and d_head must be even")
        if self.d_model % self.groups or (self.groups > 1 and self.d_head % (2 * self.groups)):
            raise ValueError("groups must divide d_model, and half of d_head")
        if self.rope not in ROPES:
            raise ValueError(f"rope is {self.rope!r}, expected one of {', '.join(ROPES)}")

    def scale_or_default(self, scale: float | None) -> float:
        """`scale`, or the paper's 1/√d_model where it is None."""
        return self.d_model**-0.5 if scale is None else scale

    @property
    def normalized(self) -> bool:
        """Whether this is the normalized transformer."""
        return self.kind == "ngpt"

    @property
    def as_printed(self) -> bool:
        """Whether the forward pass is the paper's, with the weights as they are."""
        others = (self.root_on_hidden, self.renormalize, self.value_residual)
        papers = (self.unit_embedding, self.s_qk_on_keys, self.alpha_abs, self.rope == "rotation")
        return all(papers) and not any(others)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a model is trained. The text is the default corpus; batches follow from (seed, step).

    Attributes:
        seed: of the initial weights and of the batches.
        steps: optimizer steps. batch: sequences a step. accumulation: parts a batch is split into.
        lr: peak learning rate; it follows a cosine to 0 after `warmup` steps.
        weight_decay: on matrices, decoupled. betas, clip: of AdamW; largest gradient norm.
        eval_every: steps between validation losses. eval_windows: windows of one context each,
            evenly spread over the validation text.
        save_every: steps between states from which a killed run goes on.
        snapshots: how many moments of the training are kept for the film.
        snapshot_of: "weights" keeps all of them, "norms" the lengths of their vectors and the
            condition numbers of their matrices, "queries" those of W_q alone.
        device: "cpu", "cuda" or "auto".
        precision: "single"; "bf16", in which products are computed while weights, residual stream
            and lengths stay single; or "auto", bf16 on CUDA.
        compile: compile the model and the projection of its weights. It takes about a minute, and
            rounds otherwise, so a run is one or the other from its first step.
    """

    seed: int = 1
    steps: int = 2000
    batch: int = 16
    accumulation: int = 1
    lr: float = 1e-3
    warmup: int = 0
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.95)
    clip: float = 1.0
    eval_every: int = 100
    eval_windows: int = 128
    save_every: int = 100
    snapshots: int = 60
    snapshot_of: str = "norms"
    device: str = "auto"
    precision: str = "auto"
    compile: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown precision. A pair read from JSON is a list.

        Raises:
            ValueError: names the setting.
        """
        object.__setattr__(self, "betas", tuple(self.betas))
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"precision is {self.precision!r}, expected one of {', '.join(PRECISIONS)}"
            )


# d_mlp is 4d in each branch, as in the paper.
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "toy": {"layers": 3, "d_model": 3, "heads": 2, "d_head": 4, "d_mlp": 12,
            "vocab": 27, "tokenizer": "letters", "context": 64},
    "mini": {"layers": 4, "d_model": 128, "heads": 4, "d_head": 32, "d_mlp": 512,
             "vocab": 256, "tokenizer": "bytes", "context": 128},
    "small": {"layers": 8, "d_model": 256, "heads": 4, "d_head": 64, "d_mlp": 1024,
              "vocab": 4096, "tokenizer": "bpe-4096", "context": 1024},
    "paper-0.5b": {"layers": 24, "d_model": 1024, "heads": 16, "d_head": 64, "d_mlp": 4096,
                   "vocab": 32000, "tokenizer": "llama-2", "context": 1024},
    "paper-1b": {"layers": 36, "d_model": 1280, "heads": 20, "d_head": 64, "d_mlp": 5120,
                 "vocab": 32000, "tokenizer": "llama-2", "context": 1024},
    "gpt2-xl": {"layers": 48, "d_model": 1600, "heads": 25, "d_head": 64, "d_mlp": 6400,
                "vocab": 50257, "tokenizer": "gpt-2", "context": 1024},
}  # fmt: skip

# What all kinds of a preset share.
TRAINING: Mapping[str, Mapping[str, Any]] = {
    "toy": {"steps": 3000, "batch": 32, "eval_every": 50, "eval_windows": 256, "save_every": 500,
            "snapshots": 120, "snapshot_of": "weights"},
    "mini": {"steps": 2000, "batch": 16},
    "small": {"steps": 1200, "batch": 32, "eval_every": 50, "eval_windows": 64, "save_every": 300,
              "snapshots": 8, "snapshot_of": "queries"},
    "paper-0.5b": {"steps": 100_000, "batch": 512, "accumulation": 64},
    "paper-1b": {"steps": 100_000, "batch": 512, "accumulation": 128},
    "gpt2-xl": {"steps": 100_000, "batch": 512, "accumulation": 256},
}  # fmt: skip

# toy, mini: the best of the sweeps in assets/results. small: the middle of those that `ngpt gpu`
# tries. The others: read off the public curves of the paper's 0.5B models at a context of 1k.
LEARNING_RATES: Mapping[str, Mapping[str, float]] = {
    "toy": {"ngpt": 0.1, "gpt": 0.03, "gpt-qknorm": 0.03},
    "mini": {"ngpt": 1e-2, "gpt": 5e-4, "gpt-qknorm": 2e-3},
    "small": {"ngpt": 8e-3, "gpt": 2e-3, "gpt-qknorm": 4e-3},
    "paper-0.5b": {"ngpt": 1.5e-3, "gpt": 7e-4, "gpt-qknorm": 7e-4},
    "paper-1b": {"ngpt": 1.5e-3, "gpt": 7e-4, "gpt-qknorm": 7e-4},
    "gpt2-xl": {"ngpt": 1.5e-3, "gpt": 7e-4, "gpt-qknorm": 7e-4},
}


def preset(name: str, kind: str, **changes: Any) -> tuple[ModelConfig, TrainConfig]:
    """The model and training settings called `name`, for a model of `kind`.

    Args:
        changes: training settings that differ from the preset's; None means as in the preset.

    Raises:
        UsageError: there is no such preset or kind.
    """
    if name not in SHAPES:
        raise UsageError(f"there is no preset {name!r}", f"choose from {', '.join(SHAPES)}")
    if kind not in KINDS:
        raise UsageError(f"there is no model of kind {kind!r}", f"choose from {', '.join(KINDS)}")
    model = ModelConfig(kind=kind, **SHAPES[name])
    training = TrainConfig(
        **TRAINING[name], lr=LEARNING_RATES[name][kind], **recipe(kind, TRAINING[name]["steps"])
    )
    given = {key: value for key, value in changes.items() if value is not None}
    return model, dataclasses.replace(training, **given)


def recipe(kind: str, steps: int) -> dict[str, Any]:
    """Decay and warm-up: none for the nGPT, the usual ones for the baseline (paper, table 3)."""
    if kind == "ngpt":
        return {"weight_decay": 0.0, "warmup": 0}
    return {"weight_decay": 0.1, "warmup": min(2000, steps // 20)}
