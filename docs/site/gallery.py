"""Run the scripts of docs/gallery, and make pages of their figures."""

from __future__ import annotations

import ast
import io
import runpy
from pathlib import Path

from cache import ROOT, kept

from sdscm.figure_style import PALETTE

_STYLE = {
    "axes.prop_cycle": f"cycler(color={list(PALETTE)})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 11,
    "svg.hashsalt": "sdscm",
}
SCRIPTS = ROOT / "docs" / "gallery"


def scripts() -> list[Path]:
    """Return the scripts, sorted."""
    return sorted(SCRIPTS.glob("*.py"))


def index() -> str:
    """Make the grid of all figures; each leads to its page."""
    cards = []
    for script in scripts():
        title, _ = _described(script)
        image = f"![](/gallery/{script.stem}.svg){{ loading=lazy }}"
        cards.append(f"[{image} {title}](/gallery/{script.stem}.md)")
    return '<div class="gallery" markdown>\n\n' + "\n\n".join(cards) + "\n\n</div>"


def page(script: Path) -> tuple[str, bytes]:
    """Return the page of a script, and its figure as SVG."""
    title, text = _described(script)
    code = script.read_text(encoding="utf-8")
    body = code[code.index('"""', 3) + 3 :].strip()
    return (
        f"# {title}\n\n{text}\n\n![{title}]({script.stem}.svg)\n\n```python\n{body}\n```\n\n"
        "[All figures](../gallery.md)\n",
        kept(code.encode(), lambda: figure(script)),
    )


def figure(script: Path) -> bytes:
    """Run a script without a screen, and return its figure as SVG.

    The script names its figure ``fig``.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    content = io.BytesIO()
    with pyplot.rc_context(_STYLE):
        fig = runpy.run_path(str(script))["fig"]
        fig.savefig(content, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close("all")
    return content.getvalue()


def _described(script: Path) -> tuple[str, str]:
    """Return the title and the text of a script: the first line of its docstring, and the rest."""
    described = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    title, _, text = described.partition("\n")
    return title.rstrip("."), text.strip()
