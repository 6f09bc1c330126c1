"""Each snippet of the docs and of the README runs, or says why it does not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if (ROOT / "docs" / "site") not in page.parents
)

# Pages that another test runs, because it checks what the snippets have made.
ELSEWHERE = {
    "README.md": "tests/test_readme.py",
    "docs/how-to/lalonde.md": "tests/benchmarks/estimate/test_lalonde.py",
    "docs/how-to/table.md": "tests/benchmarks/datasets/test_user_tables.py",
    "docs/how-to/release.md": "tests/benchmarks/release/test_releases_page.py",
    "docs/how-to/submit.md": "tests/benchmarks/release/test_submissions_page.py",
    "docs/how-to/suite.md": "tests/benchmarks/suite/test_how_to_suite.py",
}

# Pages whose snippets take more than 20 s.
SLOW = {"docs/how-to/audit.md", "docs/how-to/graph.md", "docs/how-to/report.md"}

_FENCE = re.compile(r"^([^\n]*)\n( *)```(\w*)[^\n]*\n.*?^ *```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- (test: \S+|not run: \S.*) -->")
_LANGUAGES = {"sh", "python", "yaml"}
# Languages of fences that show what a program writes: nothing is run.
_SHOWN = {"text", "csv", "json", "latex", "toml", "bibtex", "sql", "dot"}


def _faults(text: str) -> list[str]:
    found = []
    for before, indent, language in _FENCE.findall(text):
        if language not in _LANGUAGES | _SHOWN:
            found.append(f"```{language} is not one of {sorted(_LANGUAGES | _SHOWN)}")
        elif language in _LANGUAGES and (indent or not _MARK.fullmatch(before)):
            found.append(f"```{language} after {before!r} has no mark")
    return found


@pytest.mark.parametrize("page", PAGES)
def test_each_snippet_has_a_mark(page: str) -> None:
    assert not _faults((ROOT / page).read_text(encoding="utf-8"))


def test_marks_by_hand() -> None:
    assert not _faults("<!-- test: shell -->\n```sh\nls\n```\n\n```text\nfile\n```\n")
    assert not _faults("<!-- not run: needs a GPU -->\n```python\nf()\n```\n")
    good = "Text.\n\n<!-- test: a.yaml -->\n```yaml\na: 1\n```\n"
    assert not _faults(good)
    for page in (
        good + "\n```sh\nls\n```\n" + good,
        "Run\n\n```sh\nls\n```\n",
        "<!-- test: shell -->\n\n```sh\nls\n```\n",
        "<!-- not run: -->\n```sh\nls\n```\n",
        "- first:\n<!-- test: shell -->\n  ```sh\n  ls\n  ```\n",
        "<!-- test: shell -->\n```bash\nls\n```\n",
    ):
        assert len(_faults(page)) == 1, page


def test_the_lists_name_pages_that_exist() -> None:
    for listed in (ELSEWHERE, SLOW):
        assert set(listed) <= set(PAGES)


@pytest.mark.parametrize("page", ELSEWHERE)
def test_another_test_runs_the_page(page: str) -> None:
    text = (ROOT / ELSEWHERE[page]).read_text(encoding="utf-8")
    assert f'"{Path(page).name}"' in text
    assert "run_snippets(" in text or "exec(" in text or "subprocess" in text


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page in SLOW else [])
        for page in PAGES
        if page not in ELSEWHERE and "<!-- test: " in (ROOT / page).read_text(encoding="utf-8")
    ],
)
@pytest.mark.usefixtures("converted_model")
def test_the_snippets_of_the_page_run(page: str, run_snippets) -> None:
    assert run_snippets(ROOT / page)


@pytest.mark.parametrize("name", ["auditor", "researcher", "scientist", "teacher"])
def test_notebooks_are_kept_without_outputs(name: str) -> None:
    """The build of the site runs them: see tests/site."""
    text = (ROOT / "docs" / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 5
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
