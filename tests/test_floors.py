"""Three floors, one way through: what a module may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ngpt_math.files import ROOT

FLOORS = ("ngpt_math", "scenes", "ngpt_film")  # from the ground up
# What rendering goes through: none of it may need torch.
LIGHT = (
    "ngpt_math.recordings",
    "ngpt_math.files",
    "ngpt_math.errors",
    "ngpt_math.config",
    "scenes",
)
BLOCK_TORCH = """
import importlib, sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch' (blocked)")
sys.meta_path.insert(0, NoTorch())
for name in sys.argv[1:]:
    importlib.import_module(name)
print("imported", len(sys.argv) - 1, "torch" in sys.modules)
"""


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module of the project and its file."""
    found = {}
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return found


def imported(path: Path, name: str, *, on_import: bool = False) -> Iterator[str]:
    """The modules that a file imports: anywhere in it, or only as it is imported itself."""
    tree = ast.parse(path.read_text())
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in top_level(tree) if on_import else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *filter(None, [base])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def top_level(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that run on import: none inside a function or below `if TYPE_CHECKING`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def needs_torch(name: str, everything: dict[str, Path], seen: set[str]) -> list[str]:
    """The way by which importing a module imports torch, or nothing."""
    if name in seen or name not in everything:
        return []
    seen.add(name)
    parents = [".".join(name.split(".")[:i]) for i in range(1, name.count(".") + 1)]
    for target in [*parents, *imported(everything[name], name, on_import=True)]:
        if target.split(".")[0] == "torch":
            return [name, target]
        way = needs_torch(target, everything, seen)
        if way:
            return [name, *way]
    return []


@pytest.mark.parametrize("name", modules())
def test_no_module_imports_from_a_higher_floor(name: str) -> None:
    floor = FLOORS.index(name.split(".")[0])
    tops = {target.split(".")[0] for target in imported(modules()[name], name)}
    assert not tops & set(FLOORS[floor + 1 :])


def light_modules() -> list[str]:
    names = [n for n in modules() if n.startswith(LIGHT)]
    return names + [n for n in modules() if n.split(".")[0] == "ngpt_film"]


@pytest.mark.parametrize("name", light_modules())
def test_no_torch_behind_what_renders(name: str) -> None:
    assert needs_torch(name, modules(), set()) == []


def test_what_renders_imports_with_torch_blocked() -> None:
    names = light_modules()
    done = subprocess.run(
        [sys.executable, "-c", BLOCK_TORCH, *names], cwd=ROOT, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"imported {len(names)} False"


def test_the_block_would_be_felt() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCK_TORCH, "ngpt_math.training"],
        cwd=ROOT, text=True, capture_output=True,
    )  # fmt: skip
    assert done.returncode != 0
    assert "blocked" in done.stderr
    assert needs_torch("ngpt_math.training", modules(), set()) != []


def test_the_command_line_starts_without_manim() -> None:
    code = "import sys, ngpt_film.cli; print({'manim', 'torch', 'av'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert done.stdout == "set()\n"
