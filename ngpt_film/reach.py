"""Which definitions of the project a piece of code can reach, and a digest of each.

A picture depends on every definition that its code names, on those that they name, and so on, and
on what the modules run when they are imported. Names are followed through imports to where they are
bound; a class counts as a whole, and a module handed around as a value counts as a whole. Objects
come from classes that some reached code names, so their methods are covered. What is reached only
by a computed name (`getattr`, `importlib`) is not seen: the project does not do that in pictures.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ngpt_film.sources import DEFINITIONS, Chain, Module, Sources, is_docstring


@dataclass(frozen=True, slots=True)
class Piece:
    """Some code: its digest, the names it uses, and the attributes and words it mentions."""

    digest: str
    chains: frozenset[Chain]
    mentions: frozenset[str]


class Reach:
    """Grows the set of pieces that given code can reach.

    `digests` maps a piece's label, such as `scenes.stage.style.GREEN`, to its digest; `mentions`
    maps every attribute name and identifier-like string in the code reached to the labels of the
    pieces that hold it. `pieces` keeps what was read, for other reaches over the same sources; a
    label stands for the same statements in all of them.
    """

    def __init__(
        self, sources: Sources, pieces: dict[tuple[str, str], Piece] | None = None
    ) -> None:
        self.sources = sources
        self._pieces = {} if pieces is None else pieces
        self.digests: dict[str, str] = {}
        self.mentions: dict[str, set[str]] = {}
        self._followed: set[tuple[str, Chain]] = set()
        self._entered: set[str] = set()

    def add(self, label: str, module: str, statements: Iterable[ast.stmt]) -> None:
        """Reach `statements` of `module` under `label`, and all that they name."""
        if label in self.digests:
            return
        piece = self._pieces.get((module, label))
        if piece is None:
            piece = self._pieces[module, label] = read_piece(tuple(statements))
        self.digests[label] = piece.digest
        for word in piece.mentions:
            self.mentions.setdefault(word, set()).add(label)
        self.enter(module)
        for chain in piece.chains:
            self._follow(module, chain)

    def enter(self, name: str) -> None:
        """Reach what importing the module runs, in it and in those it imports."""
        module = self.sources.module(name)
        if module is None or name in self._entered:
            return
        self._entered.add(name)
        if module.loose:
            self.add(f"{name} (on import)", name, module.loose)
        for imported in sorted(module.imports):
            self.enter(imported)

    def whole(self, name: str) -> None:
        """Reach everything in the module."""
        module = self.sources.module(name)
        if module is not None:
            self.enter(name)
            for bound in module.bindings:
                self._follow(name, (bound,))

    def _follow(self, name: str, chain: Chain) -> None:
        """Reach what a name with attributes stands for, seen from inside the module `name`."""
        module = self.sources.module(name)
        if module is None or (name, chain) in self._followed:
            return
        self._followed.add((name, chain))
        first, rest = chain[0], chain[1:]
        if first in module.bindings:
            self.add(f"{name}.{first}", name, module.bindings[first])
        for origin, attribute in module.imported.get(first, ()):
            self._follow_from(origin, rest if attribute is None else (attribute, *rest))
        for star in module.stars if not _knows(module, first) else ():
            self._follow(star, chain)

    def _follow_from(self, name: str, chain: Chain) -> None:
        """Reach what a module of that name gives out: one of its names, or all of it."""
        module = self.sources.module(name)
        if module is None:
            return
        if not chain:
            self.whole(name)
        elif _knows(module, chain[0]):
            self._follow(name, chain)
        elif self.sources.path(f"{name}.{chain[0]}"):
            self._follow_from(f"{name}.{chain[0]}", chain[1:])
        elif module.stars:
            self._follow(name, chain)
        else:
            self.whole(name)


def _knows(module: Module, name: str) -> bool:
    return name in module.bindings or name in module.imported


def read_piece(statements: tuple[ast.stmt, ...]) -> Piece:
    """Digest code and list what it names; comments, docstrings and annotations do not count."""
    plain = [_strip(statement) for statement in statements]
    text = "\n".join(ast.dump(statement) for statement in plain)
    chains = frozenset(chain for statement in plain for chain in _chains(statement))
    mentions = frozenset(word for statement in plain for word in _mentions(statement))
    return Piece(hashlib.sha256(text.encode()).hexdigest()[:16], chains, mentions)


def _strip(statement: ast.stmt) -> ast.stmt:
    """A statement without docstrings and function annotations, which change no picture."""
    for node in ast.walk(statement):
        if isinstance(node, DEFINITIONS) and is_docstring(node.body[0]):
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return statement


def _chains(node: ast.AST) -> Iterator[Chain]:
    """Every name used below a node, with the attributes asked of it.

    What an import inside a function or class brings in counts as used, and a module as a whole.
    """
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield ((alias.asname or alias.name).split(".")[0],)
        return
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        yield (node.id, *attributes)
        return
    for child in ast.iter_child_nodes(node):
        yield from _chains(child)


def _mentions(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "value", None)
        if isinstance(word, str) and word.isidentifier():
            yield word
