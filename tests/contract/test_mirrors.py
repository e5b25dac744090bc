"""Every module is tested in a place that one can find: a file of its own name, or the one that its first lines name."""

import ast
import re

import pytest

from tests.contract.tree import ROOT, python_files

FOLDERS = ("modeling_aullm", "processing_aullm", "dataset_scripts", "training_aullm", "space_app", "benchmarks")
PLACE = re.compile(r"Tested in (tests/[\w/]+\.py)")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_is_tested_where_one_looks_for_it(folder):
    modules = [path.relative_to(ROOT) for path in python_files(folder) if path.name != "__init__.py"]
    lost = []
    for path in modules:
        mirrored = ROOT / "tests" / path.parent / f"test_{path.name}"
        named = PLACE.search(ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8"))) or "")
        if not mirrored.is_file() and not (named and (ROOT / named[1]).is_file()):
            lost.append(str(path))
    assert modules and not lost, "write tests/ROOM/test_NAME.py, or `Tested in tests/...py` in the module's docstring"
