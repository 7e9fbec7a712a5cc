"""Text from a model, token by token, greedy or drawn, with a cache of keys and values.

The cache changes the cost, not the result: the tokens are those that the model would choose if it
read the whole text anew for each (`cached=False` does that, for comparison).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ngpt_math.cache import Cache, empty_cache
from ngpt_math.checkpoint import Model


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is chosen from its probabilities.

    Attributes:
        temperature: logits are divided by it; 0 takes the most probable token.
        top_k: only so many of the most probable tokens are in the draw; None is all.
        seed: of the draws.
    """

    temperature: float = 0.0
    top_k: int | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            ValueError: a negative temperature, or a top_k below 1.
        """
        if not self.temperature >= 0:
            raise ValueError(f"temperature is {self.temperature}, expected 0 or more")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k is {self.top_k}, expected 1 or more")


GREEDY = Sampling()


@torch.inference_mode()
def generate(
    model: Model, prompt: Tensor, count: int, sampling: Sampling = GREEDY, cached: bool = True
) -> Tensor:
    """The prompt and `count` tokens after it, [B, T + count] from [B, T].

    Lengths beyond the context of training are allowed; the rotary embedding goes on.

    Raises:
        ValueError: the prompt is empty.
    """
    if prompt.ndim != 2 or prompt.shape[1] == 0:
        raise ValueError(f"the prompt has shape {tuple(prompt.shape)}, expected [B, T], T ≥ 1")
    random = torch.Generator(prompt.device).manual_seed(sampling.seed)
    text = prompt.new_empty(len(prompt), prompt.shape[1] + count)
    text[:, : prompt.shape[1]] = prompt
    cache = empty_cache(model.config, *text.shape, weight_of(model)) if cached else None
    read = 0
    for end in range(prompt.shape[1], text.shape[1]):
        logits = model(text[:, read:end], cache=cache)[:, -1]
        text[:, end] = choose(logits, sampling, random)
        read = end if cached else 0
    return text


def weight_of(model: Model) -> Tensor:
    """A weight of the model: its device and precision are the cache's."""
    return next(model.parameters())


def choose(logits: Tensor, sampling: Sampling, random: torch.Generator) -> Tensor:
    """One token [B] for each row of logits [B, V]."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    logits = logits.float() / sampling.temperature
    if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
        least = logits.topk(sampling.top_k).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    return torch.multinomial(logits.softmax(-1), 1, generator=random)[:, 0]
