"""The files of a report."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from sdscm.audit.report.html import html
from sdscm.audit.report.markdown import markdown
from sdscm.audit.report.page import page
from sdscm.audit.report.record import record
from sdscm.audit.report.view import Picture
from sdscm.audit.result import AuditResult
from sdscm.errors import MissingExtraError
from sdscm.files import put_atomically

STEM = "audit"


def require_libraries() -> None:
    """Raise MissingExtraError if the figures and the HTML page cannot be made."""
    for library in ("matplotlib", "jinja2"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"the HTML page of an audit ({library})", "plot")


def write_report(
    result: AuditResult, folder: str | Path, *, figures: bool = True
) -> tuple[Path, ...]:
    """Write ``audit.md``, ``audit.json``, ``audit.html``, and ``figures/`` of the Markdown.

    Equal audits give equal bytes.

    Parameters
    ----------
    figures
        Whether to draw; without, there are Markdown and JSON alone.

    Returns
    -------
    The paths.

    Raises
    ------
    MissingExtraError
        If matplotlib or Jinja2 is not installed and there are to be figures.
    """
    drawn: tuple[Picture, ...] = ()
    if figures:
        require_libraries()
        from sdscm.audit.report.figures import pictures

        drawn = pictures(result)
    shown = page(result, drawn)
    told = json.dumps(record(result), indent=1, ensure_ascii=False, allow_nan=False)
    contents = {
        f"{STEM}.md": markdown(shown).encode(),
        f"{STEM}.json": f"{told}\n".encode(),
    }
    if figures:
        contents[f"{STEM}.html"] = html(shown).encode()
        contents |= {f"figures/{each.name}.png": each.png for each in drawn}
    for name, content in contents.items():
        put_atomically(Path(folder) / name, content)
    return tuple(Path(folder) / name for name in contents)
