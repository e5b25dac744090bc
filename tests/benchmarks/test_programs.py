"""Every benchmark starts: what it imports exists, and `--help` says what it does. What they measure is not tested."""

import runpy
import sys

import pytest

from tests.contract.tree import python_files

PROGRAMS = [path.stem for path in python_files("benchmarks") if "__main__" in path.read_text("utf-8")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_explains_itself(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    assert end.value.code == 0 and "--help" in capsys.readouterr().out
