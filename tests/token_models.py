"""Two models whose tokens are longer than letters: a tiny vocabulary, trained for a moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ngpt_math.vocabulary import Given

VOCAB = 300
SHAPE = {"tokenizer": "somebody’s", "vocab": VOCAB + 20, "context": 24}
MINIS: dict[str, dict[str, object]] = {
    "mini ngpt": {**SHAPE, "layers": 2, "heads": 2, "d_head": 8, "d_model": 16, "d_mlp": 24},
    "mini gpt": {**SHAPE, "layers": 3, "heads": 1, "d_head": 12, "d_model": 20, "d_mlp": 24},
}


def vocabulary(path: Path) -> Path:
    """A byte-level BPE as its `tokenizer.json`, learned from a little of the corpus.

    Above all from the line that is recorded: it has words of it, as a large vocabulary would.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    from ngpt_math.corpus import read_corpus
    from ngpt_math.record.attention import LINE

    engine = Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    engine.train_from_iterator([read_corpus()[-20_000:], *[LINE] * 500], trainer)
    engine.save(str(path))
    return path


def trained(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Path], Given]:
    """The weights of an nGPT and a baseline, and their vocabulary."""
    from ngpt_math import runfolder, training
    from ngpt_math.config import ModelConfig, TrainConfig
    from ngpt_math.corpus import source_of
    from ngpt_math.vocabulary import Given, plays

    given = Given(vocabulary(folder / "tokenizer.json"))
    # Somebody's training has their text and vocabulary; this project's has not.
    monkeypatch.setattr(training, "load_tokens", lambda name: plays(given))
    monkeypatch.setattr(runfolder, "source_of", lambda name: source_of("bpe-4096"))
    settings = TrainConfig(
        steps=8, batch=4, lr=1e-2, eval_every=4, eval_windows=2, save_every=8, snapshots=6
    )
    models = {}
    for name, shape in MINIS.items():
        run = runfolder.RunFolder(folder / name, "a test")
        config = ModelConfig(kind=name.split()[1], **shape)  # type: ignore[arg-type]
        training.train(config, settings, run)
        models[name] = run.model
    return models, given
