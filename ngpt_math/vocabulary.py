"""Vocabularies: this project's own, and those of other people's models, read from their files.

A model is given text through its vocabulary, and shows its tokens as pieces of text. That of a
model trained elsewhere is a `tokenizer.json` of the package `tokenizers`: data alone, no code.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from ngpt_math import prose
from ngpt_math.config import ModelConfig
from ngpt_math.corpus import TOKENIZERS, Tokens, read_corpus, split, tokenizer
from ngpt_math.errors import DamagedFile, UsageError
from ngpt_math.files import read_card, sha256_of, shown

GIVE = "give its tokenizer.json (of the package `tokenizers`) with --tokenizer"
ANCHOR = "a"
SIGNS = {" ": "␣", "\n": "⏎"}
UNSEEN = "·"


class Coder(Hashable, Protocol):
    """Text to token numbers and back."""

    @property
    def vocab(self) -> int:
        """How many tokens there are."""

    def encode(self, text: str) -> Tokens:
        """The tokens of `text`."""

    def decode(self, tokens: Tokens) -> str:
        """The text of `tokens`."""


class Given:
    """A vocabulary from a file that somebody gave.

    Raises:
        DamagedFile: the file is missing, or the package `tokenizers` cannot read it.
    """

    def __init__(self, path: Path) -> None:
        remedy = "name a tokenizer.json of the package `tokenizers`"
        if not path.is_file():
            raise DamagedFile(f"{shown(path)} is missing", remedy)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise DamagedFile(f"{shown(path)} cannot be read: {error}", remedy) from error
        self.path, self.sha256 = path, sha256_of(path)
        self.engine = prose.engine(text, path, remedy)
        # What is given to a model here is its text alone, whole.
        self.engine.no_truncation()
        self.engine.no_padding()
        self.vocab = 1 + max(self.engine.get_vocab(with_added_tokens=True).values(), default=-1)

    def encode(self, text: str) -> Tokens:
        """The tokens of `text`, without any that stand for its beginning or its end."""
        return np.array(self.engine.encode(text, add_special_tokens=False).ids, dtype=np.int64)

    def decode(self, tokens: Tokens) -> str:
        """The text of `tokens`; bytes that are no UTF-8 become replacement marks."""
        return str(self.engine.decode([int(token) for token in tokens], skip_special_tokens=False))


@cache
def committed() -> prose.Bpe:
    """The vocabulary of `small`, read once."""
    return prose.Bpe()


def coder_of(config: ModelConfig, path: Path, given: Given | None = None) -> Coder:
    """The vocabulary of the model at `path`; `given` is that of models with an unknown one.

    Raises:
        UsageError: it is unknown and none is given, or has more tokens than the model; names the
            file.
        DamagedFile: the committed vocabulary of `small` is damaged.
    """
    found: Coder | None = given if is_unknown(config) else own(config.tokenizer)
    if found is None:
        problem = f"{shown(path)} has the vocabulary {config.tokenizer!r}, which is not known here"
        raise UsageError(problem, GIVE)
    if config.vocab < found.vocab:
        name = shown(given.path) if given is found and given else config.tokenizer
        raise UsageError(
            f"{shown(path)} has {config.vocab} tokens, {name} has {found.vocab}",
            "choose a model that knows all of them",
        )
    return found


def check_needed(given: Given | None, models: Iterable[ModelConfig]) -> None:
    """Raises UsageError where a vocabulary is given that none of the models has a use for."""
    if given and not any(map(is_unknown, models)):
        raise UsageError(
            f"no checkpoint here has a vocabulary to be read from {shown(given.path)}",
            "leave --tokenizer out",
        )


def own(name: str) -> Coder:
    """A vocabulary of this project."""
    return committed() if name == prose.NAME else tokenizer(name)


def is_unknown(config: ModelConfig) -> bool:
    """Whether a model's vocabulary is none of this project."""
    return config.tokenizer not in (*TOKENIZERS, prose.NAME)


def of_letters(config: ModelConfig) -> bool:
    """Whether each token is one letter or another sign."""
    return config.tokenizer in TOKENIZERS


def source_of(coder: Coder) -> dict[str, str]:
    """The file that a vocabulary was read from, and its sha256; none of letters and bytes."""
    if isinstance(coder, Given):
        return {coder.path.name: coder.sha256}
    if isinstance(coder, prose.Bpe):
        card = read_card(prose.VOCABULARY, prose.REMAKE)
        return {prose.VOCABULARY.name: str(card["sha256"])}
    return {}


@cache
def plays(coder: Coder) -> tuple[Tokens, Tokens]:
    """The plays in a vocabulary: the first nine tenths of the text, and the rest."""
    first, rest = split(read_corpus())
    return coder.encode(first), coder.encode(rest)


def piece(coder: Coder, token: int) -> str:
    """A token as it can be seen: a space is ␣, the end of a line ⏎, what is no text ·."""
    # A model may have room for more tokens than there are.
    text = raw(coder, token) if token < coder.vocab else ""
    return "".join(SIGNS.get(c, c if c.isprintable() and c != "\ufffd" else UNSEEN) for c in text
                   ) or UNSEEN  # fmt: skip


def raw(coder: Coder, token: int) -> str:
    """The text that a token stands for.

    Some vocabularies drop the space before a text's first token, so each is read after another.
    """
    if not isinstance(coder, Given):
        return coder.decode(np.array([token]))
    anchor = coder.encode(ANCHOR)[-1:]
    return coder.decode(np.array([*anchor, token])).removeprefix(coder.decode(anchor))
