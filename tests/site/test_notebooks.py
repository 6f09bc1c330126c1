"""Pages of notebooks: what cells print and show, and cells that fail."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("nbclient")

import nbformat
import notebooks
from nbclient.exceptions import CellExecutionError


def written(folder: Path, *cells: str) -> Path:
    new = nbformat.v4
    book = new.new_notebook(cells=[new.new_markdown_cell("# Title\n\nText."), *map(code, cells)])
    path = folder / "mine.ipynb"
    nbformat.write(book, path)
    return path


def code(source: str):
    return nbformat.v4.new_code_cell(source)


def test_a_page_shows_text_tables_and_pictures(tmp_path: Path) -> None:
    drawn = "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')"
    path = written(tmp_path, "import pandas as pd\nprint(6 * 7)\npd.DataFrame({'a': [1]})", drawn)
    before = path.read_bytes()
    text, pictures = notebooks._page(notebooks.run(path), path)
    assert text.startswith("# Title\n\n[Download this notebook](mine.ipynb)")
    assert "```text\n42\n```" in text
    assert "<th>a</th>" in text
    assert list(pictures) == ["mine-0.svg"]
    assert b"<svg" in pictures["mine-0.svg"]
    assert path.read_bytes() == before, "outputs are not stored"


def test_a_cell_that_fails_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebooks.run(written(tmp_path, "1 / 0"))
