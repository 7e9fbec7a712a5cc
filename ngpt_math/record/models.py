"""What every chapter's recorder needs: the models, a prompt run through one, and arrays.

A film is made from four models, named as in the recordings: "toy ngpt", "toy gpt", "mini ngpt",
"mini gpt". Each is the shipped one, or another checkpoint that takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ngpt_math.checkpoint import Model, checkpoint_path, load_model, remake
from ngpt_math.config import ModelConfig
from ngpt_math.corpus import CORPUS, REMAKE, Tokens
from ngpt_math.errors import NothingKept, UsageError
from ngpt_math.files import read_card, shown
from ngpt_math.history import Arrays, load_history
from ngpt_math.layers import Trace
from ngpt_math.training import spread_windows
from ngpt_math.vocabulary import (
    Coder,
    Given,
    check_needed,
    coder_of,
    of_letters,
    piece,
    plays,
    source_of,
)

Floats = NDArray[np.float32]

NAMES = ("toy ngpt", "toy gpt", "mini ngpt", "mini gpt")
TOYS = NAMES[:2]
SHARED_BY_TOYS = ("layers", "heads", "d_head", "tokenizer", "vocab")
SPHERE = 3  # entries of the toy models' hidden states, which are points of S²
LEARNED = "the last tenth of nine plays of Shakespeare, which the model was not trained on"
NOT_KNOWN = (
    "nine plays of Shakespeare, the last tenth; what the model was trained on is another text, or"
    " not known"
)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A checkpoint: its model, in double precision, its vocabulary, the file's name and sha256.

    Weights are kept in single precision; in double, two machines or numbers of threads agree to
    far better than the tolerance of a check.

    Attributes:
        data: sha256 of the text it was trained on; nothing where its card does not say.
    """

    model: Model
    coder: Coder
    name: str
    sha256: str
    data: str = ""

    def encode(self, text: str) -> Tensor:
        """The tokens [T] of a text in the model's vocabulary."""
        return torch.from_numpy(self.coder.encode(text).astype(np.int64))

    def pieces(self, tokens: Iterable[int]) -> tuple[str, ...]:
        """Tokens as pieces of text: a space is ␣, the end of a line ⏎, no text ·."""
        return tuple(piece(self.coder, int(token)) for token in tokens)

    def trace(self, text: str) -> Trace:
        """Run a text through the model and give every intermediate result, each [1, T, ...]."""
        return trace_tokens(self.model, self.encode(text)[None])

    @property
    def texts(self) -> tuple[Tokens, Tokens]:
        """The plays in the model's vocabulary: the first nine tenths, and the rest."""
        return plays(self.coder)

    def spread(self, text: Tokens, count: int) -> Tensor:
        """`count` evenly spread windows [count, context + 1] of a text."""
        return spread_windows(text, self.model.config.context, count)

    @property
    def noun(self) -> str:
        """What a token is: a letter (or sign), or a token where it may be longer."""
        return "letter" if of_letters(self.model.config) else "token"

    @property
    def learned_plays(self) -> bool:
        """Whether the first nine tenths of the plays are what it was trained on."""
        return self.data == read_card(CORPUS, REMAKE)["sha256"]

    @property
    def measured_on(self) -> str:
        """What entropies and losses are means over."""
        return LEARNED if self.learned_plays else NOT_KNOWN


@dataclass(frozen=True, slots=True)
class Kept:
    """The history of a training, and the file's name and sha256."""

    arrays: Arrays
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Models:
    """The checkpoints that recordings are made from.

    Attributes:
        paths: files that take the place of shipped ones, by model name.
        given: the vocabulary of those that have none of this project's.
    """

    paths: Mapping[str, Path] = field(default_factory=dict)
    given: Given | None = None

    def __post_init__(self) -> None:
        """Refuse names that no chapter asks for, and toys that cannot stand side by side.

        Raises:
            UsageError: names the model, or what the toys differ in.
        """
        for name in self.paths:
            if name not in NAMES:
                raise UsageError(f"no chapter shows a model {name!r}", f"use {', '.join(NAMES)}")
        if any(name in self.paths for name in TOYS):
            self._check_toys()

    def _check_toys(self) -> None:
        ngpt, gpt = (load_model(self.path(name)).config for name in TOYS)
        for config, name in zip((ngpt, gpt), TOYS, strict=True):
            check_role(config, name, self.path(name), self.given)
        for setting in SHARED_BY_TOYS:
            mine, other = getattr(ngpt, setting), getattr(gpt, setting)
            if mine != other:
                raise UsageError(
                    f"the toys are shown side by side, and have {setting} {mine} and {other}",
                    "give two of one shape, each with --checkpoint",
                )

    def path(self, name: str) -> Path:
        """The weights of the model called `name`."""
        preset, kind = name.split()
        return self.paths.get(name) or checkpoint_path(preset, kind)

    def load(self, name: str) -> Shipped:
        """The model called `name`.

        Raises:
            DamagedFile: its file is missing or damaged.
            UsageError: it cannot stand where `name` stands.
        """
        path = self.path(name)
        model = load_model(path)
        coder = check_role(model.config, name, path, self.given)
        card = read_card(path, remake(path))
        return Shipped(
            model.double(), coder, source_name(path), str(card["sha256"]),
            str(card.get("data_sha256", "")),
        )  # fmt: skip

    def history(self, name: str) -> Kept:
        """The training history of the model called `name`.

        Raises:
            NothingKept: there is none, as of a model that was converted.
            DamagedFile: its file is damaged.
        """
        path = history_beside(self.path(name))
        if name in self.paths and not path.is_file():
            raise NothingKept(
                f"{shown(path)} is missing: nothing is known of that training",
                "choose a model that was trained here, with its history beside it",
            )
        sha256 = str(read_card(path, remake(path))["sha256"])
        return Kept(load_history(path, remake(path)), source_name(path), sha256)

    def training(self, name: str) -> dict[str, Any]:
        """The training settings on the card of the model called `name`.

        Raises:
            NothingKept: the card does not say how the model was trained.
        """
        path = self.path(name)
        settings = read_card(path, remake(path)).get("settings", {})
        if "training" not in settings:
            raise NothingKept(f"the card of {shown(path)} has no training settings", remake(path))
        return dict(settings["training"])


def roles(paths: Iterable[Path], given: Given | None = None) -> dict[str, Path]:
    """Checkpoints by the name of the model that each can stand for.

    Raises:
        DamagedFile: a file is missing, damaged, or no checkpoint of this project.
        UsageError: two of them can stand for the same model only, one has a vocabulary that is not
            known, or none needs the one that is given.
    """
    found: dict[str, Path] = {}
    for path in paths:
        name = role(path, given)
        if name in found:
            raise UsageError(
                f"{shown(found[name])} and {shown(path)} both stand for the {name}", "leave one out"
            )
        found[name] = path
    check_needed(given, (load_model(path).config for path in found.values()))
    return found


def role(path: Path, given: Given | None = None) -> str:
    """The name of the model that a checkpoint can stand for: "mini ngpt" for most nGPTs.

    Raises:
        DamagedFile: it is missing, damaged, or no checkpoint of this project.
        UsageError: its vocabulary is not known, or no toy's.
    """
    config = load_model(path).config
    size = "toy" if config.d_model == SPHERE else "mini"
    name = f"{size} {'ngpt' if config.normalized else 'gpt'}"
    check_role(config, name, path, given)
    return name


def check_role(config: ModelConfig, name: str, path: Path, given: Given | None = None) -> Coder:
    """The model's vocabulary, unless it cannot stand where `name` stands.

    That is a baseline for an nGPT, and a toy whose hidden states are no points of S² or whose
    tokens are no letters.

    Raises:
        UsageError: names the file.
    """
    size, kind = name.split()
    coder = coder_of(config, path, given)
    if config.normalized != (kind == "ngpt"):
        raise UsageError(f"{shown(path)} holds a {config.kind}", f"name a file that holds a {kind}")
    if size == "toy" and config.d_model != SPHERE:
        raise UsageError(
            f"{shown(path)} has hidden states of {config.d_model} entries",
            f"train one with {SPHERE}, as `ngpt train toy` does, or leave the shipped one",
        )
    if size == "toy" and not of_letters(config):
        raise UsageError(
            f"{shown(path)} has the vocabulary {config.tokenizer!r}, toys show letters",
            "choose one of letters or bytes",
        )
    return coder


def history_beside(path: Path) -> Path:
    """Where the history of a checkpoint lies: model and history, or NAME and NAME.history."""
    stem = "history" if path.stem == "model" else f"{path.stem}.history"
    return path.with_name(f"{stem}.safetensors")


def kept_along(history: Arrays, start: str, end: str) -> NDArray[np.float64]:
    """What a training kept under names "snapshot.START….END", side by side [snapshots, n].

    Raises:
        NothingKept: nothing of that name.
    """
    names = [n for n in history if n.startswith(f"snapshot.{start}") and n.split(".")[-1] == end]
    if not names:
        raise NothingKept(
            f"the history of that training keeps no {start}….{end}",
            "choose a model that was trained with snapshots of norms",
        )
    return np.concatenate([history[name] for name in names], axis=1).astype(np.float64)


def source_name(path: Path) -> str:
    """The file's name; with its folder where the name alone says nothing."""
    return f"{path.parent.name}/{path.name}" if path.stem in ("model", "history") else path.name


def sources(files: Iterable[Shipped | Kept]) -> dict[str, str]:
    """The `sources` of a recording."""
    found: dict[str, str] = {}
    for file in files:
        found[file.name] = file.sha256
        if isinstance(file, Shipped):
            found |= source_of(file.coder)
    return found


def letters(model: Shipped, tokens: Iterable[int]) -> str:
    """Tokens of a toy as one visible letter each."""
    return "".join(model.pieces(tokens))


def alike(first: Shipped, second: Shipped, text: str) -> bool:
    """Whether two models read a text as the same pieces."""
    return first.pieces(first.encode(text)) == second.pieces(second.encode(text))


@torch.no_grad()
def trace_tokens(model: Model, tokens: Tensor) -> Trace:
    """Run tokens [B, T] through a model; adds "logits" to the trace."""
    trace: Trace = {}
    trace["logits"] = model(tokens, trace)
    return trace


def entropy(shares: Tensor) -> Tensor:
    """Entropy of the distributions along the last axis, nats."""
    return torch.special.entr(shares).sum(-1)


def floats(values: object) -> Floats:
    """Tensors, arrays, numbers and lists of them as one float32 array."""
    if isinstance(values, Tensor):
        values = values.detach().numpy()
    return np.asarray(values, dtype=np.float32)
