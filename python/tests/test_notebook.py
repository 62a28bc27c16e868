"""The paper's notebook runs from top to bottom, and is kept without outputs."""

from __future__ import annotations

import os
from pathlib import Path

import fashion_data as fashion
import pytest

import triage

NOTEBOOK = fashion.ROOT / "examples" / "paper.ipynb"


def test_it_has_no_outputs() -> None:
    nbformat = pytest.importorskip("nbformat")
    cells = [cell for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    assert len(cells) > 5
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)


def test_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    fashion.need_pictures()
    for package in ("nbclient", "nbformat", "ipykernel", "ipywidgets", "matplotlib", "pandas"):
        pytest.importorskip(package)
    import nbformat
    from nbclient import NotebookClient

    # The kernel is a process of its own, which finds the package that is tested here.
    package = str(Path(triage.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([package, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel shows plots in its own way
    notebook = nbformat.read(NOTEBOOK, 4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    # Those inside interactive outputs are in the widgets' state.
    assert len(pictures) >= 3
    assert sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs) >= 4
    widgets = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    drawn = [widget["state"]["outputs"] for widget in widgets if widget["model_name"] == "OutputModel"]
    assert drawn and all(any("image/png" in each.get("data", {}) for each in shown) for shown in drawn)
