"""The repository seen as files and imports: what the contract tests look at."""

import ast
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("modeling_aullm", "processing_aullm", "dataset_scripts", "training_aullm")


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that git tracks or would track (ignored ones left out), as absolute paths."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = (ROOT / name for name in sorted(set(listing.split("\0"))) if name)
    return tuple(path for path in paths if path.is_file())


def python_files(*folders: str) -> list[Path]:
    """The project's Python files, all of them or those under the given top-level folders."""
    files = [path for path in project_files() if path.suffix == ".py"]
    return [path for path in files if not folders or path.relative_to(ROOT).parts[0] in folders]


def module_name(path: Path) -> str:
    """`modeling_aullm/graph_aullm.py` -> "modeling_aullm.graph_aullm"; a package's `__init__.py` -> the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True)
class Import:
    """One import of one file: the absolute dotted name, the names taken from it, and how it was written."""

    target: str
    names: tuple[str, ...]
    level: int
    line: int
    guarded: bool
    local: bool


def imports_of(path: Path) -> list[Import]:
    """All imports of a file, those inside functions too; names behind `if TYPE_CHECKING` count like any other."""
    return imports_in(path.read_text("utf-8"), module_name(path), path.name == "__init__.py")


def imports_in(source: str, module: str, is_package: bool = False) -> list[Import]:
    """All imports of a source text that would stand in the given module."""
    collector = _Collector(module, is_package)
    collector.visit(ast.parse(source, module))
    return collector.found


class _Collector(ast.NodeVisitor):
    """Walks a syntax tree and notes each import with whether a `try` or a function is around it."""

    def __init__(self, module: str, is_package: bool):
        self.parts = module.split(".") if is_package else module.split(".")[:-1]
        self.found: list[Import] = []
        self.tries = self.functions = 0

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, (), 0, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self.parts[: len(self.parts) - node.level + 1] if node.level else []
        target = ".".join([*base, *([node.module] if node.module else [])])
        self._add(target, tuple(alias.name for alias in node.names), node.level, node.lineno)

    def visit_Try(self, node: ast.Try) -> None:
        catches = any(re.search(r"(Import|ModuleNotFound)Error", ast.unparse(h.type)) for h in node.handlers if h.type)
        self.tries += catches
        self.generic_visit(node)
        self.tries -= catches

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.functions += 1
        self.generic_visit(node)
        self.functions -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def _add(self, target: str, names: tuple[str, ...], level: int, line: int) -> None:
        self.found.append(Import(target, names, level, line, self.tries > 0, self.functions > 0))


def import_graph() -> dict[str, set[str]]:
    """Which of our modules imports which: module name -> names of our modules it needs to be imported."""
    files = python_files(*PACKAGES)
    ours = {module_name(path) for path in files}
    graph: dict[str, set[str]] = {}
    for path in files:
        needed = set()
        for found in imports_of(path):
            submodules = {f"{found.target}.{name}" for name in found.names} & ours
            needed |= submodules or ({found.target} & ours)
        graph[module_name(path)] = needed - {module_name(path)}
    return graph


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of imports as the list of its modules, or [] where there is none."""
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if circle := walk(target, [*trail, node]):
                return circle
        done.add(node)
        return []

    return next((circle for node in sorted(graph) if (circle := walk(node, []))), [])
