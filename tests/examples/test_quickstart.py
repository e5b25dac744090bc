"""The notebook runs from its first cell to its last, with a tiny model in place of the demo's."""

import json
import os

import nbclient
import nbformat
import pytest

from tests.commands.published import write_run
from tests.contract.language_models import save_tiny_language_model
from tests.contract.tree import ROOT

NOTEBOOK = ROOT / "examples" / "quickstart.ipynb"


def test_the_notebook_is_kept_without_its_outputs():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


@pytest.mark.slow
def test_every_cell_runs(tmp_path, monkeypatch):
    language_model = save_tiny_language_model(tmp_path / "language-model")
    monkeypatch.setenv("AULLM_MODEL", str(write_run(tmp_path / "run", language_model)))
    monkeypatch.setenv("AULLM_LANGUAGE_MODEL", language_model)
    monkeypatch.setenv("AULLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert (tmp_path / "runs/quickstart/mine/model/config.json").is_file()
