"""Tokens of any length find room, and words about them are true of them."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
from samples import numbers

from scenes.attention_pictures import Letters
from scenes.claims import Claim, Claims
from scenes.claims.tokens import in_tokens
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.patterns import AttentionGrid
from scenes.stage.pieces import elided, row_px, shown_as, text_of, width_of, wrapped
from scenes.stage.plots import Box, measure
from scenes.stage.prompt import MOST, cut
from scenes.stage.style import SIZE
from scenes.stage.text import Line

WORDS = ("How", "␣beauteous", "␣mankind", "␣is", "!", "␣O", "␣brave", "␣new", "␣world")
LETTER, TOKEN = SimpleNamespace(noun="letter"), SimpleNamespace(noun="token")


def test_what_cannot_be_seen_is_a_mark() -> None:
    assert [shown_as(piece) for piece in ("␣new", " ", "⏎", "a⏎", "世")] == [
        "·new", "·", "↲", "a↲", "·"
    ]  # fmt: skip
    assert text_of(("␣a", "⏎", "b")) == " a b"


@pytest.mark.parametrize("room", [3.0, 1.2, 0.8, 0.5])
def test_a_line_finds_room(room: float) -> None:
    words = "·responsibilities"
    px = row_px([words], [room], SIZE.label, "NORMAL")
    line = Line(elided(words, room, px), px=px)
    assert line.width <= room + 0.02
    assert SIZE.least <= line.px <= SIZE.label
    assert line.words[0] == "·" and line.words[-1] == "s"
    if "…" in line.words:
        assert line.px == SIZE.least


def test_what_fits_is_left_as_it_is() -> None:
    assert row_px(["a", "bc"], [1.0, 1.0], SIZE.label, "NORMAL") == SIZE.label
    assert elided("token", 9.0, 28) == "token"
    assert 0.9 < Line("token", px=28).width / width_of("token", 28) <= 1


def test_words_are_wrapped_and_never_parted() -> None:
    said = "rows ask columns; framed: the lit token"
    lines = wrapped(said, 1.8, SIZE.tick)
    assert " ".join(lines) == said and len(lines) > 1
    assert wrapped(said, 9.0, SIZE.tick) == [said]


def test_wrapped_lines_are_about_alike_long() -> None:
    said = "both: full colour from a share of 0.3 on"
    lines = wrapped(said, width_of(said, SIZE.tick) - 0.05, SIZE.tick)
    assert lines == ["both: full colour from", "a share of 0.3 on"]


def test_a_row_of_tokens_is_laid_out_by_their_widths() -> None:
    row = Letters(WORDS, 5, 0.5, 12.0)
    edges = [(line.get_left()[0], line.get_right()[0]) for line in row]
    assert all(right < left for (_, right), (left, _) in pairwise(edges))
    assert edges[0][0] > -6.1 and edges[-1][1] < 6.1
    assert [line.words for line in row] == [shown_as(word) for word in WORDS]


def test_letters_stand_as_far_apart_as_ever() -> None:
    places = Letters("brave new world", 3, 0.5, 12.0).places[:, 0]
    assert (places[1:] - places[:-1]).tolist() == pytest.approx([0.8] * 14)


def test_a_grid_numbers_columns_that_have_no_room_for_names() -> None:
    cells = [numbers(*range(9)) for _ in range(9)]
    grid = AttentionGrid(cells, WORDS, "normalized", side=34)
    assert [line.words for line in grid.asked] == [str(n + 1) for n in range(9)]
    assert grid.asking[1].words == "·beauteous  2"
    wide = AttentionGrid(cells[:2], ("ab", "␣c"), "normalized", side=60)
    assert [line.words for line in wide.asked] == ["ab", "·c"]


def test_bars_have_names_as_wide_as_their_places() -> None:
    state = numbers(*range(9))
    bars = ChangingBars(Box(0, 0, 5.1, 2.0), measure("x", state), [state], WORDS, "ink", lit=1)
    edges = [(line.get_left()[0], line.get_right()[0]) for line in bars.names]
    assert all(right < left for (_, right), (left, _) in pairwise(edges))


@pytest.mark.parametrize("position", range(9))
def test_a_prompt_of_tokens_is_cut_between_them(position: int) -> None:
    before, token, after = cut(WORDS, position)
    assert token == WORDS[position]
    said = before.removeprefix("…") + token + after.removesuffix("…")
    assert said in "".join(WORDS) and len(said) <= MOST + len(token)
    assert before.startswith("…") or "".join(WORDS).startswith(said)
    assert after.endswith("…") or "".join(WORDS).endswith(said)


@pytest.mark.parametrize(
    ("words", "said"),
    [("Each letter’s value", "Each token’s value"), ("Letters come in", "Tokens come in"),
     ("which letter or sign comes next?", "which token comes next?"),
     ("letters and signs to choose from", "tokens to choose from"),
     ("next-letter", "next-token"), ("lettering", "lettering")],
)  # fmt: skip
def test_letters_are_tokens_where_they_may_be_longer(words: str, said: str) -> None:
    assert in_tokens(TOKEN, words) == said
    assert in_tokens(LETTER, words) == in_tokens(object(), words) == words


def test_letters_of_toys_are_letters() -> None:
    claims = Claims(of_toys=("toys",), all=(Claim("a letter", lambda r: False, "one letter"),))
    assert claims.said(TOKEN, "each letter", "toys") == "each letter"
    assert claims.said(TOKEN, "each letter", "all") == "each token"
    assert claims.said(TOKEN, "a letter") == "one token"
