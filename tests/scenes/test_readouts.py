"""Text, equations and readouts: sizes, baselines, columns, and where numbers come from."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from manim import VGroup
from samples import numbers

from ngpt_math.errors import DamagedFile
from scenes.stage import fonts
from scenes.stage.equations import Equation
from scenes.stage.layout import Explained, stacked
from scenes.stage.outlines import advance, line_of, path_points
from scenes.stage.prompt import MOST, Prompt, cut
from scenes.stage.readouts import (
    Number,
    Readout,
    column_of,
    degrees_of,
    nearest_row,
    row_of,
    written,
)
from scenes.stage.slider import Slider
from scenes.stage.style import COLOUR, PIXEL, ROLES, SIZE, colour_of, contrast, luminance
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line, paragraph

CAPITAL = 0.698  # of the em, in IBM Plex Sans


def test_typeface_is_the_bundled_one() -> None:
    import manimpango

    assert fonts.register() in manimpango.list_fonts()


def test_an_altered_font_is_refused(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for name in fonts.FILES:
        (tmp_path / name).write_bytes(b"no font")
        (tmp_path / name).with_suffix(".card.json").write_text('{"sha256": "0"}')
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    with pytest.raises(DamagedFile, match="git checkout"):
        fonts.register.__wrapped__()


def test_text_is_readable_on_the_ground() -> None:
    for role in ROLES:
        assert contrast(luminance(colour_of(role)), luminance(COLOUR.ground)) >= 4.5, role


def test_no_size_is_under_the_least() -> None:
    sizes = (SIZE.title, SIZE.equation, SIZE.readout, SIZE.body, SIZE.label, SIZE.tick)
    assert min(sizes) >= SIZE.least >= 20


def test_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="no role 'blue'"):
        colour_of("blue")


@pytest.mark.parametrize("px", [24, 44])
def test_line_has_the_size_asked_for(px: float) -> None:
    line = Line("H", px=px)
    assert line.height / PIXEL == pytest.approx(CAPITAL * px, rel=0.02)
    assert line.px == pytest.approx(px)
    assert len(line.family_members_with_points()) == 1


def test_line_stands_on_its_baseline() -> None:
    line = Line("gap", role="scale").shift(np.array([0, 2, 0]))
    assert line.baseline == pytest.approx(2)
    assert line.get_bottom()[1] < 2
    assert line.get_fill_color().to_hex().lower() == COLOUR.scale


def test_paragraph_has_even_lines() -> None:
    first, second, third = paragraph("one", "tap", "ten", px=30)
    assert first.baseline - second.baseline == pytest.approx(1.4 * 30 * PIXEL)
    assert second.baseline - third.baseline == pytest.approx(1.4 * 30 * PIXEL)


def test_equation_terms_wear_their_roles() -> None:
    rule = Equation("{{ h : normalized }} = {{ alpha : scale }} x", px=40)
    assert set(rule.parts) == {"normalized", "scale", "ink"}
    for name, part in rule.parts.items():
        assert part.get_fill_color().to_hex().lower() == colour_of(name)
    assert len(rule.family_members_with_points()) == 3


def test_equation_may_name_terms_ink() -> None:
    rule = Equation("{{ h : ink }} = {{ w : ink_w }}")
    assert rule.part("ink").has_points() and rule.part("ink_w").has_points()


def test_equation_knows_its_baseline() -> None:
    sunk, plain = Equation("abs(h_A)"), Equation("h")
    plain.shift((0, sunk.baseline - plain.baseline, 0))
    assert plain.get_bottom()[1] > sunk.get_bottom()[1]


def test_fraction_bar_is_drawn() -> None:
    bare = Equation("a b")
    assert len(Equation("frac(a, b)").part("ink").points) > len(bare.part("ink").points)


def test_term_must_begin_with_a_role() -> None:
    with pytest.raises(ValueError, match="does not begin with a role"):
        Equation("{{ h : green }}")


def test_long_lines_are_not_broken() -> None:
    words = "a line of the length that a title or a takeaway may well have, or even more"
    _, starts = line_of(words, "SEMIBOLD")
    assert list(starts) == sorted(starts) and starts[-1] > 30
    width = sum(advance(letter, "SEMIBOLD") for letter in words)
    assert starts[-1] == pytest.approx(width - advance("e", "SEMIBOLD"), rel=0.02)
    with pytest.raises(ValueError, match="too long"):
        line_of("word " * 800, "NORMAL")


def test_path_of_lines_and_cubics() -> None:
    points = path_points("M 0 0 L 100 0 C 100 50 50 100 0 100 Z ")
    assert points.shape == (12, 3)
    assert points[:, 1].min() == pytest.approx(-1)  # 100 units down in the drawing are an em
    assert np.allclose(points[[0, -1]], 0)


def test_figures_are_tabular() -> None:
    widths = {round(advance(digit, "NORMAL"), 4) for digit in "0123456789"}
    assert len(widths) == 1


@pytest.mark.parametrize(
    ("value", "places", "unit", "words"),
    [
        (-0.004, 2, "1", "0.00"),
        (-1.25, 1, "1", "−1.2"),
        (127.94, 1, "°", "127.9°"),
        (3, 0, "nats", "3 nats"),
    ],
)
def test_numbers_as_they_are_written(value: float, places: int, unit: str, words: str) -> None:
    assert written(value, places, unit) == words


def test_number_keeps_its_place_while_it_changes() -> None:
    values = numbers(5.0, 123.456, -7.1)
    number = Number(values[0], widest=values)
    number.end_at(2.0, -1.0)
    VGroup(number).shift((1, 0, 0))
    for value in values:
        number.display(value)
        assert number.traced == (value,)
        assert number.get_right()[0] == pytest.approx(3.0, abs=0.05)
        assert number.get_bottom()[1] == pytest.approx(-1.0, abs=0.02)


def test_readout_shows_recorded_numbers_only() -> None:
    values = numbers(0.1, 0.2, 0.3)
    readout = Readout(Line("x"), values)
    for row, expected in ((0.4, 0), (0.6, 1), (9.0, 2)):
        readout.show_row(row)
        assert readout.number.traced == (values[expected],)


def test_column_aligns_names_and_numbers() -> None:
    values = numbers(1.0, 100.0)
    readouts = [Readout(Line("a"), values), Readout(Line("a longer name"), values[0])]
    column_of(readouts, 1.0, 0.5, 0.7)
    readouts[0].show_row(1)
    assert {round(r.label.get_left()[0], 6) for r in readouts} == {1.0}
    rights = [r.number.pen[0] + r.number.room for r in readouts]
    assert rights[0] == pytest.approx(rights[1])
    assert readouts[0].label.get_right()[0] < readouts[0].number.get_left()[0]


def test_rows_of_a_recording_know_their_origin(recording) -> None:  # type: ignore[no-untyped-def]
    row = row_of(recording, "alpha_attn", 1)
    assert row[3].source == "alpha_attn[1, 3]"
    assert row[3].value == float(recording.alpha_attn[1, 3])
    degrees = degrees_of(recording, "angles")
    assert degrees[0].unit == "°"
    assert degrees[0].value == pytest.approx(np.degrees(float(recording.angles[0])))
    alpha = row_of(recording, "sweep_alpha")
    assert nearest_row(alpha, alpha[37]) == 37


def test_slider_goes_from_end_to_end() -> None:
    values = numbers(0.0, 0.5, 1.0)
    slider = Slider(Line("α"), values, 3.0, "scale")
    start = slider.knob.get_center()[0]
    slider.show_row(2)
    assert slider.knob.get_center()[0] - start == pytest.approx(3.0)
    slider.shift((0, 1, 0))
    slider.show_row(1)
    assert slider.knob.get_center()[1] == pytest.approx(
        1.0 + slider.label.get_right()[1] * 0, abs=1
    )
    assert slider.number.traced == (values[1],)


def test_table_rows_are_level_and_columns_right_aligned() -> None:
    columns = [Column(Line("one"), numbers(1, 20)), Column(Line("two"), numbers(300, 4), "scale")]
    table = Table([Line("first"), Line("second")], columns, -1.0, 1.0)
    rights = [[n.pen[0] + n.room for n in row[1:]] for row in table.rows]
    assert rights[0] == pytest.approx(rights[1])
    for row in table.rows:
        assert row[0].baseline == pytest.approx(row[1].pen[1])


def test_prompt_lights_the_letter() -> None:
    prompt = Prompt("abc def", 4, "normalized")
    *texts, line = prompt
    assert [p.get_fill_color().to_hex().lower() for p in texts] == [
        COLOUR.muted,
        COLOUR.normalized,
        COLOUR.muted,
    ]
    before, letter, after = texts
    assert line.get_center()[0] == pytest.approx(letter.get_center()[0])
    assert line.get_top()[1] < letter.get_bottom()[1]
    assert before.get_right()[0] < letter.get_left()[0] < letter.get_right()[0]
    assert letter.get_right()[0] < after.get_left()[0]


@pytest.mark.parametrize("position", [0, 1, 30, 59])
def test_long_prompts_are_cut_around_the_letter(position: int) -> None:
    words = "".join(chr(97 + i % 26) for i in range(60))
    before, letter, after = cut(words, position)
    assert letter == words[position]
    assert len((before + letter + after).replace("…", "")) == MOST
    assert before.replace("…", "") + letter + after.replace("…", "") in words


def test_things_are_stacked_flush_left() -> None:
    things = [Line("one"), Explained("{{ h : normalized }}", "two"), Line("three")]
    stacked(things, -2.0, 1.0, gap=0.3)
    assert [round(t.get_left()[0], 6) for t in things] == [-2.0] * 3
    assert things[0].get_bottom()[1] - things[1].get_top()[1] == pytest.approx(0.3)
    assert things[1].term.baseline == pytest.approx(things[1].words.baseline)


def test_typeface_is_ours_though_text_was_drawn_before() -> None:
    # A notebook may have drawn text with Manim's own Text; a process of its own starts like that.
    code = (
        "from manim import Text; Text('before')\n"
        "from scenes.stage.style import PIXEL\n"
        "from scenes.stage.text import Line\n"
        "print(Line('H', px=24).height / PIXEL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout.split()[-1]) == pytest.approx(CAPITAL * 24, rel=0.02)
