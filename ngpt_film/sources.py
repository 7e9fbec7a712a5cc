"""The project's own modules as syntax trees: what each binds, imports, and runs on import."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ngpt_math.errors import StudioError
from ngpt_math.files import ROOT, shown

PACKAGES = ("ngpt_math", "scenes", "ngpt_film")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Chain = tuple[str, ...]  # a name with the attributes asked of it: style.GREEN is ("style", "GREEN")
Origin = tuple[str, str | None]  # where an imported name comes from: (module, name in it or None)


@dataclass(frozen=True)
class Module:
    """A module of the project.

    `bindings`: the statements that give a name its value, by name. `imported`: where a local name
    comes from, by name. `stars`: modules imported by `*`. `loose`: statements that run on import
    and bind no name. `imports`: the project's modules that importing this one imports.
    """

    name: str
    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imported: dict[str, list[Origin]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    loose: list[ast.stmt] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)


class Sources:
    """Reads the project's modules below `root`, each once."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self._modules: dict[str, Module | None] = {}

    def path(self, name: str) -> Path | None:
        """The file of a module of the project, or None where it is none of ours."""
        if name.split(".")[0] not in PACKAGES:
            return None
        stem = self.root.joinpath(*name.split("."))
        candidates = (stem.with_suffix(".py"), stem / "__init__.py")
        return next((path for path in candidates if path.is_file()), None)

    def module(self, name: str) -> Module | None:
        """The module called `name`, or None where it is none of ours.

        Raises:
            StudioError: its source cannot be parsed.
        """
        if name not in self._modules:
            path = self.path(name)
            self._modules[name] = None if path is None else self._read(name, path)
        return self._modules[name]

    def forget(self, names: Collection[str]) -> None:
        """Read these modules anew when they are next asked for: their files have changed."""
        for name in names:
            self._modules.pop(name, None)

    def _read(self, name: str, path: Path) -> Module:
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError as error:
            problem = f"{shown(path)}, line {error.lineno}: {error.msg}"
            raise StudioError(problem, "mend it") from error
        module = Module(name)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for statement in tree.body:
            _sort_in(module, statement)
        for node in _running(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(module, package, node)
        return module

    def _import(self, module: Module, package: str, node: ast.Import | ast.ImportFrom) -> None:
        """Note what an import statement, anywhere in the module, makes known."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.split(".")[0]
                origin = alias.name if alias.asname else local
                module.imported.setdefault(local, []).append((origin, None))
                self._note(module, alias.name)
            return
        parents = package.split(".")[: len(package.split(".")) - max(node.level - 1, 0)]
        base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
        self._note(module, base)
        for alias in node.names:
            if alias.name == "*":
                module.stars.append(base)
                continue
            self._note(module, f"{base}.{alias.name}")
            module.imported.setdefault(alias.asname or alias.name, []).append((base, alias.name))

    def _note(self, module: Module, imported: str) -> None:
        """Importing a.b.c runs a, a.b and a.b.c."""
        parts = imported.split(".")
        names = {".".join(parts[: i + 1]) for i in range(len(parts))}
        module.imports.update(name for name in names if self.path(name))


def _sort_in(module: Module, statement: ast.stmt) -> None:
    """File a top-level statement under the names it binds, or among the loose ones."""
    if isinstance(statement, ast.Import | ast.ImportFrom) or is_docstring(statement):
        return
    if isinstance(statement, DEFINITIONS):
        module.bindings.setdefault(statement.name, []).append(statement)
        return
    names = list(_assigned(statement))
    for name in names:
        module.bindings.setdefault(name, []).append(statement)
    if not names and not _for_types_only(statement):
        module.loose.append(statement)


def _assigned(statement: ast.stmt) -> Iterator[str]:
    """The names that an assignment binds; none where it changes something else, as in `a.b = 1`."""
    if isinstance(statement, ast.Assign):
        targets: Iterable[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = (statement.target,)
    else:
        return
    nodes = [node for target in targets for node in ast.walk(target)]
    if not any(isinstance(node, ast.Attribute | ast.Subscript) for node in nodes):
        yield from (node.id for node in nodes if isinstance(node, ast.Name))


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is a bare string."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _for_types_only(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test)


def _running(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node but those below `if TYPE_CHECKING`."""
    for statement in tree.body:
        if not _for_types_only(statement):
            yield from ast.walk(statement)
