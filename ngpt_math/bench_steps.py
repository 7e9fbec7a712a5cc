"""The training steps that the bench compares: ours, the baseline's, and nGPT-pytorch's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from ngpt_math.checkpoint import build_model
from ngpt_math.config import ModelConfig, TrainConfig
from ngpt_math.training import autocast, loss_reader, make_optimizer

Stepper = Callable[[], Tensor]


@dataclass(frozen=True, slots=True)
class Shape:
    """Of models and batch; the targets are for the values here."""

    d_model: int = 128
    layers: int = 4
    heads: int = 4
    d_mlp: int = 512
    context: int = 128
    batch: int = 16
    vocab: int = 256

    def config(self, kind: str) -> ModelConfig:
        """The settings of a model of this shape."""
        return ModelConfig(
            kind=kind, tokenizer="bytes", vocab=self.vocab, d_model=self.d_model,
            layers=self.layers, heads=self.heads, d_head=self.d_model // self.heads,
            d_mlp=self.d_mlp, context=self.context,
        )  # fmt: skip

    def rows(self, device: str = "cpu") -> Tensor:
        """One batch [batch, context + 1]; what the tokens are costs nothing."""
        random = torch.Generator().manual_seed(0)
        rows = torch.randint(0, self.vocab, (self.batch, self.context + 1), generator=random)
        return rows.to(device)


def peer_shape(shape: Shape) -> Shape:
    """The same with the MLP's width in nGPT-pytorch, two thirds of the paper's."""
    return replace(shape, d_mlp=int(shape.d_model * 4 * 2 / 3))


def model_step(
    kind: str, shape: Shape, compiled: bool = False, device: str = "cpu", precision: str = "single"
) -> Stepper:
    """A training step of one of our models."""
    torch.manual_seed(0)
    decay = 0.0 if kind == "ngpt" else 0.1
    config = TrainConfig(weight_decay=decay, compile=compiled, precision=precision)
    model = build_model(shape.config(kind)).to(device)
    optimizer = make_optimizer(model, config)
    return stepper(model, loss_reader(model, compiled), optimizer, shape.rows(device), config)


def has_peer() -> bool:
    """Whether nGPT-pytorch can be compared with: installed, in the version that can be trained."""
    return find_spec("nGPT_pytorch") is not None and version("nGPT-pytorch") == "0.2.10"


def peer_step(
    shape: Shape, parametrize: bool, device: str = "cpu", precision: str = "single"
) -> Stepper:
    """A training step of nGPT-pytorch's model, set to be the same function as ours."""
    from nGPT_pytorch import nGPT

    torch.manual_seed(0)
    model = nGPT(
        num_tokens=shape.vocab, dim=shape.d_model, depth=shape.layers, heads=shape.heads,
        dim_head=shape.d_model // shape.heads, manual_norm_weights=not parametrize,
        add_value_residual=False, alpha_init=0.05, s_qk_scale=shape.d_model**-0.5,
    ).to(device)  # fmt: skip
    config = TrainConfig(precision=precision)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.lr, betas=config.betas, weight_decay=0.0, fused=True
    )
    if not parametrize:
        model.register_step_post_hook(optimizer)
    return stepper(model, loss_reader(model, False), optimizer, shape.rows(device), config)


def stepper(
    model: nn.Module,
    losses: Callable[[Tensor], Tensor],
    optimizer: torch.optim.AdamW,
    rows: Tensor,
    config: TrainConfig,
) -> Stepper:
    """Forward, loss, backward, clipping, AdamW and what hangs on it; gives the loss."""

    def step() -> Tensor:
        with autocast(rows.device, config.precision):
            loss = losses(rows)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return step
