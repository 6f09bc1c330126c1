"""Write the files of a report."""

from __future__ import annotations

import json
from pathlib import Path

from sdscm.audit.report.markdown import markdown
from sdscm.audit.report.page import page
from sdscm.audit.report.record import record
from sdscm.audit.result import AuditResult
from sdscm.files import put_atomically
from sdscm.report_page import Picture, render, require_libraries

STEM = "audit"


def write_report(
    result: AuditResult, folder: str | Path, *, figures: bool = True
) -> tuple[Path, ...]:
    """Write ``audit.md`` with ``figures/``, ``audit.json`` and ``audit.html``.

    Equal audits give equal files.

    Parameters
    ----------
    figures
        Draw figures; without them only Markdown and JSON are written.

    Returns
    -------
    The paths of the files.

    Raises
    ------
    MissingExtraError
        If ``figures`` is True and matplotlib or Jinja2 is not installed.
    """
    drawn: tuple[Picture, ...] = ()
    if figures:
        require_libraries()
        from sdscm.audit.report.figures import pictures

        drawn = pictures(result)
    shown = page(result, drawn)
    text = json.dumps(record(result), indent=1, ensure_ascii=False, allow_nan=False)
    contents = {
        f"{STEM}.md": markdown(shown).encode(),
        f"{STEM}.json": f"{text}\n".encode(),
    }
    if figures:
        contents[f"{STEM}.html"] = render(shown).encode()
        for each in drawn:
            contents |= each.files
    for name, content in contents.items():
        put_atomically(Path(folder) / name, content)
    return tuple(Path(folder) / name for name in contents)
