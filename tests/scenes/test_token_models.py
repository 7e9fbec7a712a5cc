"""The film of models whose tokens are longer than letters: it finds room, and says tokens."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import test_chapters as whole
from test_other_models import finds_room, says_what_is_true
from token_models import trained
from watched import Watched, play

from ngpt_film.claims import claims_of, told
from scenes.film import FILM, Entry

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

KEYS = ("normlinear_groups", "attention", "scale_management", "full_architecture")
CHAPTERS = [pytest.param(each, id=each.key) for each in FILM if each.key in KEYS]
LETTER = re.compile(r"letter", re.IGNORECASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their recordings."""
    from ngpt_math import record

    with pytest.MonkeyPatch.context() as patch:
        models, given = trained(tmp_path_factory.mktemp("models"), patch)
    made = tmp_path_factory.mktemp("recordings")
    for key in KEYS:
        record.record(key, made / f"{key}.safetensors", models, given)
    alone = {"mini ngpt": models["mini ngpt"]}
    record.record("attention", made / "alone" / "attention.safetensors", alone, given)
    return made


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_film_of_models_of_tokens(chapter: Entry, folder: Path) -> None:
    check(chapter, folder)


def test_attention_beside_a_baseline_of_letters(folder: Path) -> None:
    """Where no baseline of the same vocabulary is given, the shipped one reads its own tokens."""
    attention = next(each for each in FILM if each.key == "attention")
    watched = check(attention, folder / "alone")
    shown = {text.words for moment in watched.moments for text in moment.texts}
    assert {"·world", "·new"} <= shown and not any("spread their shares less" in s for s in shown)
    assert any(said.endswith("; reads other tokens") for said in shown)


def check(chapter: Entry, recordings: Path) -> Watched:
    """Play a chapter: everything has room and can be read, and only toys have letters."""
    entry = dataclasses.replace(chapter, recordings=recordings)
    watched = play(entry.load(), recording=entry.recording)
    finds_room(watched)
    whole.test_every_letter_is_the_bundled_typefaces(watched)
    says_what_is_true(entry, watched)
    toys = claims_of(entry).of_toys
    sections = told(entry, entry.load().sections())
    spoken = {(section.name, line) for section in sections for line in section.says}
    seen = {(moment.section, text.words) for moment in watched.moments for text in moment.texts}
    found = {(section, words) for section, words in spoken | seen if LETTER.search(words)}
    assert not {section for section, _ in found} - set(toys), found
    assert set(toys) <= {section for section, _ in found}, "toys have letters"
    assert any("token" in words for _, words in spoken | seen)
    return watched
