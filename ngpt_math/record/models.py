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
from ngpt_math.corpus import TOKENIZERS, Tokens, load_tokens, tokenizer
from ngpt_math.errors import NothingKept, UsageError
from ngpt_math.files import read_card, shown
from ngpt_math.history import Arrays, load_history
from ngpt_math.layers import Trace
from ngpt_math.training import spread_windows

Floats = NDArray[np.float32]

NAMES = ("toy ngpt", "toy gpt", "mini ngpt", "mini gpt")
TOYS = NAMES[:2]
SHARED_BY_TOYS = ("layers", "heads", "d_head", "tokenizer", "vocab")
SPHERE = 3  # entries of the toy models' hidden states, which are points of S²
SIGNS = {" ": "␣", "\n": "⏎", "\ufffd": "·"}


@dataclass(frozen=True, slots=True)
class Shipped:
    """A checkpoint: its model, in double precision, and the file's name and sha256.

    Weights are kept in single precision; in double, two machines or numbers of threads agree to
    far better than the tolerance of a check.
    """

    model: Model
    name: str
    sha256: str


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
    """

    paths: Mapping[str, Path] = field(default_factory=dict)

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
            check_role(config, name, self.path(name))
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
        check_role(model.config, name, path)
        return Shipped(model.double(), source_name(path), _sha256(path))

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
        return Kept(load_history(path, remake(path)), source_name(path), _sha256(path))

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


def roles(paths: Iterable[Path]) -> dict[str, Path]:
    """Checkpoints by the name of the model that each can stand for.

    Raises:
        DamagedFile: a file is missing, damaged, or no checkpoint of this project.
        UsageError: two of them can stand for the same model only, or one has a vocabulary that
            this project does not have.
    """
    found: dict[str, Path] = {}
    for path in paths:
        name = role(path)
        if name in found:
            raise UsageError(
                f"{shown(found[name])} and {shown(path)} both stand for the {name}", "leave one out"
            )
        found[name] = path
    return found


def role(path: Path) -> str:
    """The name of the model that a checkpoint can stand for: "mini ngpt" for most nGPTs.

    Raises:
        DamagedFile: it is missing, damaged, or no checkpoint of this project.
        UsageError: it has a vocabulary that this project does not have.
    """
    config = load_model(path).config
    check_vocabulary(config, path)
    size = "toy" if config.d_model == SPHERE else "mini"
    return f"{size} {'ngpt' if config.normalized else 'gpt'}"


def check_role(config: ModelConfig, name: str, path: Path) -> None:
    """Refuse a baseline for an nGPT, and a toy whose hidden states are no points of S².

    Raises:
        UsageError: names the file.
    """
    size, kind = name.split()
    check_vocabulary(config, path)
    if config.normalized != (kind == "ngpt"):
        raise UsageError(f"{shown(path)} holds a {config.kind}", f"name a file that holds a {kind}")
    if size == "toy" and config.d_model != SPHERE:
        raise UsageError(
            f"{shown(path)} has hidden states of {config.d_model} entries",
            f"train one with {SPHERE}, as `ngpt train toy` does, or leave the shipped one",
        )


def check_vocabulary(config: ModelConfig, path: Path) -> None:
    """Refuse a model to which no text of this project can be given.

    Raises:
        UsageError: names the file.
    """
    known = TOKENIZERS.get(config.tokenizer)
    if known is None:
        raise UsageError(
            f"{shown(path)} has the vocabulary {config.tokenizer!r}, which this project does not",
            f"choose a model of {' or '.join(TOKENIZERS)}",
        )
    if config.vocab < known.vocab:
        raise UsageError(
            f"{shown(path)} has {config.vocab} tokens, {config.tokenizer} are {known.vocab}",
            "choose a model that knows all of them",
        )


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


def _sha256(path: Path) -> str:
    return str(read_card(path, remake(path))["sha256"])


def sources(files: Iterable[Shipped | Kept]) -> dict[str, str]:
    """The `sources` of a recording."""
    return {file.name: file.sha256 for file in files}


def encode(model: Model, text: str) -> Tensor:
    """The tokens [T] of a text in the model's vocabulary."""
    tokens = tokenizer(model.config.tokenizer).encode(text)
    return torch.from_numpy(tokens.astype(np.int64))


def letters(model: Model, tokens: Iterable[int]) -> str:
    """Tokens as one visible letter each: a space is ␣, the end of a line ⏎, no letter ·."""
    coder = tokenizer(model.config.tokenizer)
    # A model may have room for more tokens than there are; those are no letters.
    found = (
        coder.decode(np.array([token], dtype=np.uint8)) if token < coder.vocab else "\ufffd"
        for token in tokens
    )
    return "".join(SIGNS.get(sign, sign if sign.isprintable() else "·") for sign in found)


def texts(model: Model) -> tuple[Tokens, Tokens]:
    """Training and validation tokens in the model's vocabulary."""
    return load_tokens(model.config.tokenizer)


def spread(model: Model, text: Tokens, count: int) -> Tensor:
    """`count` evenly spread windows [count, context + 1] of a text."""
    return spread_windows(text, model.config.context, count)


@torch.no_grad()
def trace_text(model: Model, text: str) -> Trace:
    """Run a text through a model and give every intermediate result, each [1, T, ...]."""
    return trace_tokens(model, encode(model, text)[None])


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
