"""Files and functions small enough to be seen whole: a file is one idea, most ideas are small."""

import ast
from statistics import median

import pytest

from tests.contract.tree import ROOT, python_files

MAX_FILE = 400
MAX_FUNCTION = 80
MAX_MEDIAN = {
    "modeling_aullm": 150,
    "processing_aullm": 180,  # flat, because the Hub copies it flat: files hold what would be a room elsewhere
    "dataset_scripts": 150,
    "training_aullm": 150,
    "space_app": 150,
    "tests": 150,
}


def _lines(*folders: str) -> dict[str, int]:
    """Lines of every file with code in it: empty `__init__.py` files would only flatter the median."""
    files = [path for path in python_files(*folders) if path.name != "__init__.py"]
    return {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files}


def test_no_file_is_too_long():
    assert not {name: lines for name, lines in _lines().items() if lines > MAX_FILE}


@pytest.mark.parametrize("folder", MAX_MEDIAN)
def test_most_files_are_short(folder):
    assert median(_lines(folder).values()) < MAX_MEDIAN[folder]


def _functions():
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_no_function_is_too_long():
    assert not [(name, lines) for name, lines in _functions() if lines > MAX_FUNCTION]


def test_nine_functions_of_ten_are_under_forty_lines():
    lengths = sorted(lines for _, lines in _functions())
    assert lengths[int(0.9 * len(lengths))] < 40


@pytest.mark.parametrize("package", ["modeling_aullm", "processing_aullm", "dataset_scripts", "training_aullm"])
def test_package_doors_only_export(package):
    """`__init__.py` files import names and list them: nothing else runs when a package is imported."""
    for path in python_files(package):
        if path.name != "__init__.py":
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            exports = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("__all__", "__version__")
            assert isinstance(node, ast.Import | ast.ImportFrom) or docstring or exports, f"{path}:{node.lineno}"
