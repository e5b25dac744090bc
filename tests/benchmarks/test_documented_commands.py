"""Commands of benchmarks that documents and docstrings give are commands that the programs take."""

import argparse
import re
import shlex
import sys
from importlib import import_module

import pytest
import typer

from benchmarks import folds, going_on, language, readers
from tests.contract.tree import ROOT, project_files

INLINE = re.compile(r"`(?:\w+=\S+ )?python -m benchmarks\.([^`]+)`")
LINE = re.compile(r"^ *(?:\w+=\S+ )?python -m benchmarks\.(.+)$", re.MULTILINE)
NAMES = {  # option -> names that exist
    ("folds", "variants"): folds.VARIANTS,
    ("language", "models"): language.MODELS,
    ("going_on", "ways"): going_on.WAYS,
    ("label_sets", "kinds"): readers.KINDS,
}


def commands() -> list[tuple[str, ...]]:
    """Program and arguments of every command, as a shell would take it apart."""
    texts = [path for path in project_files() if path.suffix == ".md" or path.parent == ROOT / "benchmarks"]
    found = {
        tuple(shlex.split(re.split(r"\\?\|", command)[0], comments=True))
        for path in texts
        if path.suffix in (".md", ".py") and path.name != "CHANGELOG.md"
        for text in [path.read_text("utf-8")]
        for command in (*INLINE.findall(text), *LINE.findall(text))
    }
    return sorted(command for command in found if command[0] != "NAME")


class Parsed(Exception):
    """Instead of what a program does with its arguments."""


@pytest.fixture
def parse(monkeypatch):
    """Takes arguments as a program would: by name."""

    def parsed(parser, *arguments):
        raise Parsed(vars(real(parser, *arguments)))

    real = argparse.ArgumentParser.parse_args
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parsed)

    def parse(program, arguments: list[str]) -> dict:
        monkeypatch.setattr(sys, "argv", [program.__name__, *arguments])
        if "argparse" in vars(program):
            with pytest.raises(Parsed) as end:
                program.main()
            return end.value.args[0]
        app = typer.Typer()
        app.command()(program.main)
        return typer.main.get_command(app).make_context(program.__name__, arguments).params

    return parse


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_command_that_is_told_is_taken(command, parse):
    name, *arguments = command
    told = parse(import_module(f"benchmarks.{name}"), arguments)
    for (program, option), known in NAMES.items():
        if program == name and told[option] not in ("all", "..."):
            assert set(told[option].split(",")) <= set(known)


def test_there_are_such_commands():
    assert len(commands()) > 40 and ("video", "--model", "release") in commands()
