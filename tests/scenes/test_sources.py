"""What the scenes may not do: invent data, or reach for torch, chance, the clock or the network."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from ngpt_math.files import ROOT

CHAPTERS = sorted(p for p in (ROOT / "scenes").glob("*.py") if p.name != "__init__.py")
STAGE = sorted((ROOT / "scenes" / "stage").glob("*.py"))

DATA: dict[str, tuple[int, ...]] = {
    "Readout": (1,), "Number": (0,), "Slider": (1,), "Matrix": (0,), "Bars": (2,),
    "Column": (1,), "measure": (1,), "curve": (0, 1), "spot": (0, 1), "spots": (0, 1),
    "upright": (0, 1), "level": (0,), "Interpolation": (1, 2, 3), "nearest_row": (0, 1),
    "Dot": (1,), "Trace": (1,), "Arrow": (1, 2), "arc": (1, 2), "chord": (1, 2),
    "great_circle": (1, 2), "Prompt": (0, 1), "ChangingBars": (2,), "OnAxis": (1,),
}  # fmt: skip
"""Which arguments of the stage's makers are data."""

NAMING = ("traced", "row_of", "degrees_of", "cells_of", "zeros")
"""Calls whose numbers say where in the recording to look; and the sphere's centre."""

FORBIDDEN = ("torch", "random", "time", "datetime", "socket", "urllib", "requests", "ngpt_film")


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def literals(node: ast.AST) -> list[float]:
    """The numbers in an expression that are not a place in something recorded."""
    if isinstance(node, ast.Constant):
        return [node.value] if type(node.value) in (int, float) else []
    if isinstance(node, ast.Subscript):
        return literals(node.value)
    if isinstance(node, ast.Call) and name_of(node) in NAMING:
        return []
    if isinstance(node, ast.keyword) and node.arg in ("axis", "dtype"):
        return []
    return [number for child in ast.iter_child_nodes(node) for number in literals(child)]


def invented(source: str) -> list[str]:
    """Every literal that reaches data, and each name it may have come through."""
    tree = ast.parse(source)
    found = []
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        for place in DATA.get(name_of(call), ()):
            if place < len(call.args) and literals(call.args[place]):
                found.append(f"line {call.lineno}: {ast.unparse(call)}")
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_no_number_is_typed_by_hand(path: Path) -> None:
    assert invented(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "Readout(Line('x'), Traced(0.5, 'c', 'f', (), '1', 'toy'))",
        "Matrix([[0.1, 0.2]], 'scale')",
        "Dot(space, np.array([1.0, 0, 0]), 'ink')",
        "plot.spot(x, 0.64 * y, 'ink')",
    ],
)
def test_a_number_typed_by_hand_is_found(line: str) -> None:
    assert invented(line)


@pytest.mark.parametrize(
    "line",
    [
        "Readout(Line('x'), record.traced('angles', 3))",
        "Dot(space, record.states[3], 'ink', px=26)",
        "Arrow(space, np.zeros(3), h, 'ink')",
        "Bars(Box(1.0, 2.0, 3.0, 4.0), measure('a', rows, most=3), rows, [], 'scale')",
    ],
)
def test_places_in_a_recording_are_no_data(line: str) -> None:
    assert not invented(line)


@pytest.mark.parametrize("path", [*CHAPTERS, *STAGE], ids=lambda p: p.stem)
def test_scenes_reach_for_nothing_but_their_recording(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] not in FORBIDDEN, (path.name, name)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_colours_are_named_by_role(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not node.value.startswith("#"), (path.name, node.lineno)


def test_a_chapter_is_imported_without_torch() -> None:
    code = "import sys, scenes.slerp_vs_lerp; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
