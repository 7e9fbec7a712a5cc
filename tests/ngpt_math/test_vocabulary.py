"""Vocabularies of other people's models, and tokens as pieces of text."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import small
from token_models import VOCAB, trained, vocabulary

from ngpt_math import corpus, prose, record, recordings
from ngpt_math.checkpoint import build_model, checkpoint_path, save_model
from ngpt_math.documents import KINDS
from ngpt_math.errors import DamagedFile, NothingKept, UsageError
from ngpt_math.files import read_card
from ngpt_math.measuring import report
from ngpt_math.vocabulary import Given, committed, piece, plays

LINE = "How beauteous mankind is! O brave new world"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vocabulary(tmp_path_factory.mktemp("vocabulary") / "tokenizer.json")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], Given]:
    with pytest.MonkeyPatch.context() as patch:
        return trained(tmp_path_factory.mktemp("models"), patch)


def checkpoint(path: Path, **shape: object) -> Path:
    save_model(path, build_model(small(**{"tokenizer": "gpt-2", "vocab": VOCAB, **shape})), {})
    return path


def test_pieces_are_the_text(given: Path) -> None:
    coder = Given(given)
    pieces = [piece(coder, token) for token in coder.encode(LINE)]
    assert "".join(pieces).replace("␣", " ") == LINE
    assert len(pieces) < len(LINE) and any(p.startswith("␣") and len(p) > 1 for p in pieces)
    assert [piece(coder, token) for token in coder.encode("é")] == ["·", "·"]
    assert piece(coder, VOCAB + 5) == "·", "a token that there is not"


def test_a_space_before_the_first_token_is_kept(tmp_path: Path) -> None:
    """Vocabularies of words with a mark for the space drop it where a text begins."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    words = {"▁a": 0, "▁brave": 1, "▁new": 2, "s": 3}
    engine = Tokenizer(models.WordLevel(words, unk_token="s"))
    engine.pre_tokenizer = pre_tokenizers.Metaspace()
    engine.decoder = decoders.Metaspace()
    engine.save(str(tmp_path / "tokenizer.json"))
    coder = Given(tmp_path / "tokenizer.json")
    assert coder.decode(np.array([1, 2])) == "brave new"
    assert [piece(coder, token) for token in coder.encode("brave new")] == ["␣brave", "␣new"]


def test_a_text_is_read_whole(given: Path, tmp_path: Path) -> None:
    cut = json.loads(given.read_text())
    cut["truncation"] = {
        "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0
    }  # fmt: skip
    (tmp_path / "cut.json").write_text(json.dumps(cut))
    assert Given(tmp_path / "cut.json").encode(LINE).tolist() == Given(given).encode(LINE).tolist()


@pytest.mark.parametrize("text", ["", "{}", '{"model": {"type": "BPE"}}', "\x80pickle"])
def test_what_is_no_vocabulary_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(
        DamagedFile, match=r"broken\.json (is no vocabulary|cannot be read)"
    ) as says:
        Given(path)
    assert "\n" not in str(says.value)
    with pytest.raises(DamagedFile, match=r"none\.json is missing"):
        Given(tmp_path / "none.json")


def test_an_unknown_vocabulary_has_to_be_given(given: Path, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "theirs.safetensors")
    with pytest.raises(
        UsageError, match=r"'gpt-2', which is not known here; give its.*--tokenizer"
    ):
        record.roles([path])
    assert record.roles([path], Given(given)) == {"mini ngpt": path}
    fewer = checkpoint(tmp_path / "fewer.safetensors", vocab=VOCAB - 1)
    with pytest.raises(UsageError, match=r"has 299 tokens, .*tokenizer\.json has 300"):
        record.roles([fewer], Given(given))
    with pytest.raises(UsageError, match=r"no checkpoint here.*leave --tokenizer out"):
        record.roles([checkpoint_path("mini", "ngpt")], Given(given))


def test_models_of_an_unknown_vocabulary_and_training_are_measured(
    given: Path, tmp_path: Path
) -> None:
    """On the same texts; nothing is said of what they cannot have learned."""
    path = checkpoint(tmp_path / "theirs.safetensors", context=16)
    with pytest.raises(UsageError, match=r"'gpt-2', which is not known here.*--tokenizer"):
        report.measure([path], length_tokens=64, state_windows=2)
    coder = Given(given)
    (found,) = report.measure([path], given=coder, length_tokens=64, state_windows=2)["models"]
    ours, *novels = found["lengths"]
    assert ours["note"] == "the last tenth of the plays; what the model learned is not known"
    assert ours["tokens"] == len(plays(coder)[1])
    assert [each["document"] for each in novels] == list(KINDS)
    assert all(each["unseen"] == 0 and each["outside"] == {} for each in found["lengths"])
    assert all(np.isclose(each["loss"], np.log(VOCAB), atol=1).all() for each in found["lengths"])
    assert found["embeddings"]["embed"]["vectors"] <= coder.vocab
    with pytest.raises(UsageError, match=r"no checkpoint here.*leave --tokenizer out"):
        report.measure([checkpoint_path("mini", "ngpt")], given=coder)


def test_toys_show_letters(given: Path, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "toy.safetensors", d_model=3)
    with pytest.raises(UsageError, match="toys show letters"):
        record.roles([path], Given(given))


def test_small_needs_no_file_of_prose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "TOKENS", tmp_path / "nowhere.npz")
    monkeypatch.setattr(prose, "load", None)
    path = checkpoint(tmp_path / "small.safetensors", tokenizer=prose.NAME, vocab=prose.VOCAB)
    made = record.make("slerp_vs_lerp", {"mini ngpt": path})
    assert prose.VOCABULARY.name in made.sources
    first, rest = plays(committed())
    assert first.max() < prose.VOCAB
    assert committed().decode(rest) == corpus.split(corpus.read_corpus())[1]


def test_recordings_hold_tokens_as_pieces(
    models: tuple[dict[str, Path], Given], tmp_path: Path
) -> None:
    paths, given = models
    path = record.record("attention", tmp_path / "attention.safetensors", paths, given)
    kept = recordings.load(recordings.Attention, path)
    assert record.check("attention", path, paths, given) == 0.0
    assert kept.sources["tokenizer.json"] == given.sha256
    assert read_card(path, "")["made_by"].endswith(" --tokenizer tokenizer.json")
    assert "".join(kept.sentence).replace("␣", " ") == LINE
    assert kept.noun == "token" and "letter" not in kept.chosen_by


def test_what_is_not_known_is_not_said(models: tuple[dict[str, Path], Given]) -> None:
    """What such a model learned is not known; our own learned the plays."""
    paths, given = models
    theirs = record.make("scale_management", paths, given)
    assert not theirs.learned_plays and "not known" in theirs.measured_on
    assert theirs.traced("output_loss", 0).unit == "nat/token"
    ours = recordings.load(recordings.ScaleManagement)
    assert ours.learned_plays and "was not trained on" in ours.measured_on
    assert ours.traced("output_loss", 0).unit == "nat/letter"
    whole = record.make("full_architecture", paths, given)
    assert whole.mini_goes_on == "␣world" and whole.mini_prompt[-1] == "␣new"
    assert "no model was trained on" not in whole.chosen_by


def test_what_models_of_two_vocabularies_cannot_show_is_left_out(
    models: tuple[dict[str, Path], Given],
) -> None:
    paths, given = models
    alone = {"mini ngpt": paths["mini ngpt"]}
    with pytest.raises(NothingKept, match="different tokens"):
        record.make("traditional_vs_normalized", alone, given)
    both = record.make("attention", alone, given)
    assert (both.noun, len(both.gpt_sentence)) == ("token", 15)
    assert both.sentence[0] == "How" and both.sentence[-2:] == ("␣new", "␣world")
    assert "attention, in each model, is spread most" in both.chosen_by
    assert "".join(record.make("normlinear_groups", alone, given).prompt) == "brave␣new␣world"


def test_pieces_are_checked(tmp_path: Path) -> None:
    mine = recordings.load(recordings.Attention)
    path = tmp_path / "attention.safetensors"
    recordings.save(mine, path, "a test")
    assert recordings.load(recordings.Attention, path).sentence == mine.sentence
    for wrong, problem in (
        ("".join(mine.sentence), "does not hold pieces"),
        ((*mine.sentence[:-1], ""), "does not hold pieces"),
        (mine.sentence[:-1], "holds 14 pieces of text, expected 15"),
    ):
        with pytest.raises(ValueError, match=f"sentence {problem}"):
            recordings.save(dataclasses.replace(mine, sentence=wrong), path, "a test")
    with pytest.raises(ValueError, match="chosen_by is no text"):
        recordings.save(dataclasses.replace(mine, chosen_by=("a",)), path, "a test")
