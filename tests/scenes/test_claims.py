"""What the film claims of its models is true of their recordings, and would be noticed if not."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ngpt_math.files import ROOT
from ngpt_math.recordings import CHAPTERS, Recording, load
from scenes.claims import Claim, Condition
from scenes.film import FILM

WIDTH = 84  # of a spoken line

CLAIMS = [
    pytest.param(entry.key, section, claim, id=f"{entry.key}:{section}:{claim.words[:24]}")
    for entry in FILM
    for section, group in importlib.import_module(
        f"scenes.claims.{entry.key}"
    ).CLAIMS.by_section.items()
    for claim in group
]


@functools.cache
def shipped(key: str) -> Recording:
    return load(CHAPTERS[key])


@pytest.mark.parametrize(("key", "section", "claim"), CLAIMS)
def test_claims_are_true_of_the_shipped_models(key: str, section: str, claim: Claim) -> None:
    assert claim.holds(shipped(key))
    assert claim.true(shipped(key)) == claim.words


def altered(record: Recording) -> Iterator[Recording]:
    """The recording with one field changed, in many ways."""
    for name in ("sources", *record.texts()):
        yield dataclasses.replace(record, **{name: {} if name == "sources" else "x|y,z␣é"})
    for name in record.specs():
        values = getattr(record, name)
        ways: list[Any] = [0 * values, 0 * values + 1, -values, 100 * values, values / 100]
        ways += [np.flip(values, axis) for axis in range(values.ndim)]
        ways.append(values[..., ::-1] * 3 if values.ndim else values + 0.5)
        ways += [other for other in vars(record).values()
                 if isinstance(other, np.ndarray) and other.shape == values.shape]  # fmt: skip
        for way in ways:
            yield dataclasses.replace(record, **{name: way.astype(np.float32)})


@pytest.mark.parametrize(("key", "section", "claim"), CLAIMS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_claim_fails_on_other_numbers(key: str, section: str, claim: Claim) -> None:
    """For each, some change of a single field makes it untrue; then it is not said."""
    for record in altered(shipped(key)):
        try:
            if claim.holds(record):
                continue
            said = claim.true(record)
        except (ValueError, IndexError, KeyError):  # no recording could hold this
            continue
        assert said != claim.words
        return
    pytest.fail(f"nothing makes “{claim.words}” untrue")


CONDITIONS = [
    pytest.param(entry.key, name, condition, id=f"{entry.key}:{name}")
    for entry in FILM
    for name, condition in importlib.import_module(f"scenes.claims.{entry.key}").CLAIMS.only.items()
]


@pytest.mark.parametrize(("key", "section", "condition"), CONDITIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_sections_with_a_condition_are_shown_of_the_shipped_models_only(
    key: str, section: str, condition: Condition
) -> None:
    chapter = next(entry.load() for entry in FILM if entry.key == key)
    assert section in {each.name for each in chapter.sections()}
    assert condition.holds(shipped(key))
    assert not all(condition.holds(record) for record in altered(shipped(key)))


def strings(path: Any) -> set[str]:
    """All texts in a source; neighbours in a call or a tuple also as lines of one text."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        parts = getattr(node, "elts", getattr(node, "args", []))
        words = [p.value for p in parts if isinstance(p, ast.Constant)] if isinstance(
            parts, list) else []  # fmt: skip
        texts = [w for w in words if isinstance(w, str)]
        for start in range(len(texts)):
            found |= {"\n".join(texts[start:end]) for end in range(start + 1, len(texts) + 1)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_what_is_claimed_is_said() -> None:
    """No claim of words that the film does not have, as after an edit of one of the two."""
    said = set().union(*(strings(path) for path in (ROOT / "scenes").glob("*.py")))
    for key, section, claim in (each.values for each in CLAIMS):
        assert claim.words in said, (key, section, claim.words)


def test_claims_stand_with_their_section() -> None:
    for entry in FILM:
        chapter = entry.load()
        sections = {section.name: section for section in chapter.sections()}
        table = importlib.import_module(f"scenes.claims.{entry.key}").CLAIMS
        assert table.by_section.keys() <= sections.keys()
        for name, group in chapter.claimed.by_section.items():
            for claim in group:
                elsewhere = [s for s in sections.values() if claim.words in (s.title, *s.says)]
                assert not elsewhere or sections[name] in elsewhere, claim.words
                if claim.words == sections[name].title:
                    assert claim.otherwise, f"{name} would have no title"
                if isinstance(claim.otherwise, str) and claim.words in sections[name].says:
                    assert len(claim.otherwise) <= min(WIDTH, len(claim.words) + 8)
