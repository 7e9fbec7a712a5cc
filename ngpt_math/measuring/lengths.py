"""Loss on documents longer than anything the model was trained on (paper, A.7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ngpt_math.checkpoint import Model
from ngpt_math.corpus import CORPUS, Tokens, alphabet, load_tokens, name_of, tokenizer
from ngpt_math.documents import KINDS, read_document
from ngpt_math.training import spread_windows
from ngpt_math.vocabulary import Coder, plays

Floats = NDArray[np.float64]
TIMES = (1, 2, 4)
BATCH_TOKENS = 2048
BATCH_LOGITS = 2**23  # 32 MB; more is fetched from the system and given back for every batch
ON_CUDA = 16  # times as many


@dataclass(frozen=True, slots=True)
class Document:
    """A text whose loss is measured.

    Tokens that never occur in the training text are not taken out: they are read and predicted as
    any others, though nobody could learn them, and counted.

    Attributes:
        note: what the text is to the models.
        learned: the tokens that occur in the training text, each once.
        outside: the characters that do not, by how often they occur here, the most frequent first.
    """

    name: str
    note: str
    tokens: Tokens
    learned: Tokens
    outside: dict[str, int]

    @property
    def unseen(self) -> float:
        """Share of the tokens that never occur in the training text."""
        return float(1 - np.isin(self.tokens, self.learned).mean())


@dataclass(frozen=True, slots=True)
class Texts:
    """What a model is measured on.

    Attributes:
        tokens: those whose embeddings are measured, each once.
        validation: the text in which angles and entropies are taken.
        documents: the texts whose losses are measured; that of `validation` is the first.
    """

    tokens: Tokens
    validation: Tokens
    documents: tuple[Document, ...]


@cache
def texts(tokenizer_name: str) -> Texts:
    """For models of this project: validation text, and long documents (PG19-style, not PG19)."""
    learned, validation = load_tokens(tokenizer_name)
    coder = tokenizer(tokenizer_name)
    note = "validation part of the corpus the models learned"
    found = {name_of(tokenizer_name): (validation, note), **long_documents(coder)}
    known, tokens = alphabet(tokenizer_name), np.unique(learned)
    read = (
        Document(name, note, text, tokens, outside(coder.decode(text), known))
        for name, (text, note) in found.items()
    )
    return Texts(tokens, validation, tuple(read))


@cache
def texts_of_others(coder: Coder) -> Texts:
    """The same texts for models of which nobody here knows what they learned.

    So none of the tokens counts as one that they cannot know.
    """
    first, rest = plays(coder)
    note = "the last tenth of the plays; what the model learned is not known"
    found = {CORPUS.stem: (rest, note), **long_documents(coder)}
    read = (Document(name, note, text, np.unique(text), {}) for name, (text, note) in found.items())
    return Texts(np.unique(np.concatenate((first, rest))), rest, tuple(read))


def long_documents(coder: Coder) -> dict[str, tuple[Tokens, str]]:
    """The tokens of the long documents, and what each is."""
    note = "PG19-style (not PG19), another kind of text"
    return {
        name: (coder.encode(read_document(name)), f"{kind}, {note}") for name, kind in KINDS.items()
    }


def outside(text: str, alphabet: frozenset[str]) -> dict[str, int]:
    """How often each character that is not in the alphabet occurs, the most frequent first."""
    counts = Counter(text).most_common()
    return {character: count for character, count in counts if character not in alphabet}


@torch.no_grad()
def token_losses(model: nn.Module, rows: Tensor, at_once: int = BATCH_TOKENS) -> Tensor:
    """Loss of each token that windows [n, T + 1] predict, nats: [n, T]; `at_once` tokens a batch.

    A window is never parted.
    """
    parts = []
    device = next(model.parameters()).device
    for part in rows.to(device).split(max(1, at_once // rows.shape[1])):
        logits = model(part[:, :-1]).float()
        # Flat: with the vocabulary in the middle it takes three times as long.
        losses = F.cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten(), reduction="none")
        parts.append(losses.view(len(part), -1).double())
    return torch.cat(parts).cpu()


def batch_of(model: Model) -> int:
    """How many tokens a batch may have, where the model is."""
    if next(model.parameters()).is_cuda:
        return BATCH_TOKENS * ON_CUDA
    return min(BATCH_TOKENS, BATCH_LOGITS // model.config.vocab)


def by_length(model: Model, document: Document, tokens: int) -> dict[str, Any]:
    """Losses of a document at 1, 2 and 4 times the training context.

    Args:
        tokens: how many are predicted at each length, about; the windows are evenly spread.

    Gives "lengths" in tokens and "loss" [lengths], the mean over windows of that length in nats a
    token; and of the longest windows "positions", the first position of each bucket of one context,
    with "position_loss" the mean in it, "position_loss_seen" the mean over those of its tokens that
    occur in the training text. Windows of different lengths start at different places, the buckets
    are of the same windows: trends are read off the buckets.
    """
    context, at_once = model.config.context, batch_of(model)
    lengths = [times * context for times in TIMES]
    means = []
    for length in lengths:
        rows = spread_windows(document.tokens, length, max(1, tokens // length))
        losses = token_losses(model, rows, at_once).numpy()
        means.append(float(losses.mean()))
    seen = np.isin(rows[:, 1:].numpy(), document.learned)
    return {
        "document": document.name,
        "note": document.note,
        "tokens": len(document.tokens),
        "unseen": document.unseen,
        "outside": document.outside,
        "lengths": lengths,
        "loss": means,
        "bits_a_token": [mean / log(2) for mean in means],
        "positions": np.arange(0, lengths[-1], context).tolist(),
        "position_loss": by_bucket(losses, context).tolist(),
        "position_loss_seen": by_bucket(np.where(seen, losses, np.nan), context).tolist(),
    }


def by_bucket(losses: Floats, context: int) -> Floats:
    """Means over buckets of one context of losses [n, T], without what is not a number."""
    buckets = losses.reshape(len(losses), -1, context)
    mean: Floats = np.nanmean(buckets, axis=(0, 2))
    return mean
