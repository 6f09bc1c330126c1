"""Run notebooks, and make pages of them.

``python docs/site/notebooks.py docs/notebooks/teacher.ipynb`` runs one and prints its page.
"""

from __future__ import annotations

import base64
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from cache import ROOT, kept
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

#: Seconds that one cell may take.
LIMIT = 300
#: Outputs are shown in the first of these forms that there is.
_FORMS = {"image/svg+xml": "svg", "image/png": "png"}


def run(path: Path) -> Any:
    """Run all cells of a notebook in an empty folder, and return it with its outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as sockets:
        # Through files, since a sandbox without a network has no local ports.
        kernel = AsyncKernelManager(
            kernel_name="python3", transport="ipc", ip=os.path.join(sockets, "kernel")
        )
        client = NotebookClient(
            notebook,
            km=kernel,
            timeout=LIMIT,
            startup_timeout=LIMIT,
            resources={"metadata": {"path": folder}},
            extra_arguments=["--InlineBackend.figure_formats={'svg'}"],
        )
        search = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        # The command `sdscm` stands beside Python.
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        client.execute(env={**os.environ, "PYTHONPATH": search, "PATH": programs})
    return notebook


def page(path: Path) -> tuple[str, dict[str, bytes]]:
    """Return the page of a notebook, and its pictures by their names beside the page."""
    return kept(path.read_bytes(), lambda: _page(run(path), path))


def _page(notebook: Any, path: Path) -> tuple[str, dict[str, bytes]]:
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            parts.append(_shown(output, f"{path.stem}-{len(pictures)}", pictures))
    first, _, rest = "\n\n".join(part for part in parts if part).partition("\n\n")
    download = f"[Download this notebook]({path.name}){{ .md-button download }}"
    return f"{first}\n\n{download}\n\n{rest}\n", pictures


def _shown(output: Any, name: str, pictures: dict[str, bytes]) -> str:
    """Return the Markdown of an output; progress on standard error is left out."""
    if output.output_type == "stream":
        return _text(output.text) if output.name == "stdout" else ""
    for form, suffix in _FORMS.items():
        if form in output.data:
            content = output.data[form]
            is_text = form.endswith("xml")
            pictures[f"{name}.{suffix}"] = (
                content.encode() if is_text else base64.b64decode(content)
            )
            return f"![Figure made by the code above]({name}.{suffix})"
    if "text/html" in output.data:
        html = re.sub(r"\n\s*\n", "\n", output.data["text/html"])
        return f'<div class="output">\n{html}\n</div>'
    return output.data.get("text/markdown") or _text(output.data["text/plain"])


def _text(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


if __name__ == "__main__":
    print(_page(run(Path(sys.argv[1])), Path(sys.argv[1]))[0])
