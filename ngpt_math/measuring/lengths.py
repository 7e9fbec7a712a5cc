"""Loss on documents longer than anything the model was trained on (paper, A.7)."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ngpt_math.checkpoint import Model
from ngpt_math.corpus import Tokens, load_tokens, tokenizer
from ngpt_math.novels import NOVELS, read_novel
from ngpt_math.training import spread_windows

TIMES = (1, 2, 4)
BATCH_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Document:
    """A text whose loss is measured.

    Attributes:
        note: what the text is to the models.
        unseen: share of its tokens that never occur in the training text, so nobody could learn
            them.
    """

    name: str
    note: str
    tokens: Tokens
    unseen: float = 0.0


def documents(tokenizer_name: str) -> list[Document]:
    """The validation part of the corpus, and the novels (PG19-style, not PG19)."""
    learned, validation = load_tokens(tokenizer_name)
    note = "validation part of the corpus the models learned"
    found = [Document("plays", note, validation, unseen(validation, learned))]
    coder = tokenizer(tokenizer_name)
    for name in NOVELS:
        text = coder.encode(read_novel(name))
        note = "novel, PG19-style (not PG19), another kind of text"
        found.append(Document(name, note, text, unseen(text, learned)))
    return found


def unseen(text: Tokens, learned: Tokens) -> float:
    """Share of the tokens of `text` that do not occur in `learned`."""
    return float(1 - np.isin(text, np.unique(learned)).mean())


@torch.no_grad()
def position_losses(model: nn.Module, rows: Tensor) -> Tensor:
    """Mean loss at each position, nats a token, over windows [n, T + 1]: [T]."""
    total = torch.zeros(rows.shape[1] - 1, dtype=torch.float64)
    for part in rows.split(max(1, BATCH_TOKENS // rows.shape[1])):
        logits = model(part[:, :-1]).float()
        losses = F.cross_entropy(logits.transpose(1, 2), part[:, 1:], reduction="none")
        total += losses.double().sum(0)
    return total / len(rows)


def by_length(model: Model, document: Document, tokens: int) -> dict[str, Any]:
    """Losses of a document at 1, 2 and 4 times the training context.

    Args:
        tokens: how many are predicted at each length, about; the windows are evenly spread.

    Gives "lengths" in tokens and "loss" [lengths], the mean over windows of that length in nats a
    token; and of the longest windows "positions", the first position of each bucket of one context,
    with "position_loss" the mean in it. Windows of different lengths start at different places, the
    buckets are of the same windows: trends are read off the buckets.
    """
    context = model.config.context
    lengths = [times * context for times in TIMES]
    curves = []
    for length in lengths:
        rows = spread_windows(document.tokens, length, max(1, tokens // length))
        curves.append(position_losses(model, rows).numpy())
    longest = curves[-1].reshape(-1, context).mean(axis=1)
    return {
        "document": document.name,
        "note": document.note,
        "unseen": document.unseen,
        "lengths": lengths,
        "loss": [float(curve.mean()) for curve in curves],
        "bits_a_token": [float(curve.mean()) / log(2) for curve in curves],
        "positions": np.arange(0, lengths[-1], context).tolist(),
        "position_loss": longest.tolist(),
    }
