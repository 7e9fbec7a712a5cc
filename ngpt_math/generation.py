"""Text from a model, token by token, greedy or drawn, with a cache of keys and values.

The cache changes the cost, not the result: the tokens are those that the model would choose if it
read the whole text anew for each (`cached=False` does that, for comparison).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ngpt_math.cache import Cache, empty_cache
from ngpt_math.checkpoint import Model
from ngpt_math.decoding import folded


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
    next_logits = cached_reader(model, *text.shape) if cached else partial(last_logits, model)
    for end in range(prompt.shape[1], text.shape[1]):
        text[:, end] = choose(next_logits(text[:, :end]), sampling, random)
    return text


def last_logits(model: Model, text: Tensor, cache: Cache | None = None) -> Tensor:
    """Logits [B, V] of what follows on text [B, T]."""
    logits: Tensor = model(text, cache=cache)[:, -1]
    return logits


def cached_reader(model: Model, batch: int, room: int) -> Callable[[Tensor], Tensor]:
    """`last_logits` for a text that grows, at most to [batch, room]: it reads what is new.

    Single tokens are read by the folded model, if the model can be folded.
    """
    cache = empty_cache(model.config, batch, room, like=next(model.parameters()))
    decoder = folded(model)

    def next_logits(text: Tensor) -> Tensor:
        new = text[:, cache[0].length :]
        if decoder is not None and new.shape[1] == 1:
            return decoder(new[:, 0], cache)
        return last_logits(model, new, cache)

    return next_logits


def choose(logits: Tensor, sampling: Sampling, random: torch.Generator) -> Tensor:
    """One token [B] for each row of logits [B, V]."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    logits = logits.float() / sampling.temperature
    if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
        least = logits.topk(sampling.top_k).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    return torch.multinomial(logits.softmax(-1), 1, generator=random)[:, 0]
