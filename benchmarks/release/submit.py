"""Make a submission: the results of new methods on a release, for the boards of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import estimators
from benchmarks.archive.files import write_files
from benchmarks.archive.release import (
    FORMAT,
    SUBMISSION,
    Submission,
    listed,
    manifest_bytes,
    open_submission,
)
from benchmarks.boards.scores import definitions
from benchmarks.release.make import CARD, finished_records, versions_of
from benchmarks.storage.frozen import CELLS, PREDICTIONS, SCORES, tables
from benchmarks.storage.manifest import Manifest, folder_of
from benchmarks.storage.store import Record
from benchmarks.suite.model import Suite
from sdscm.errors import InputError
from sdscm.report_page.markdown import markdown_table
from sdscm.version import __version__

PLUGIN = "plugin.py"
#: Fields of the card, and their titles.
FIELDS = {
    "description": "What the method is",
    "author": "Authors",
    "source": "Paper, or another source",
    "link": "Code",
    "licence": "Licence of the code",
    "tuning": "Tuned on which data, and how",
    "compute": "Machine and time",
}
#: Bound of the letters of a field, and of the bytes of a plugin's source.
LONGEST_TEXT, MOST_SOURCE = 2000, 2**20


def make_submission(
    suite: Suite,
    out: Path,
    *,
    names: Sequence[str],
    plugins: Sequence[str | Path] = (),
    card: Mapping[str, str] | None = None,
    runs_dir: str | Path = "runs",
    force: bool = False,
) -> Submission:
    """Write the results of the new methods of a finished run of a release as a submission.

    Without the truth, in the public part of a sealed release, there are no scores.

    Equal runs give equal bytes: no date, no folder, and no seconds are written.

    Parameters
    ----------
    suite
        The suite of the release, which has run with the methods.
    out
        A file that ends in ``.zip``.
    names
        Names of the methods in the registry.
    plugins
        Files, already loaded. The one that registers the methods becomes a file of the submission.
    card
        Texts by the names of `FIELDS`. ``link`` is needed for methods of an installed package.
    runs_dir
        As in `benchmarks.run`.
    force
        Replace an earlier file at ``out``.

    Raises
    ------
    InputError
        If the run is not there or not finished, the code of the methods is neither in one file nor
        has a link, or a file is at ``out``.
    """
    check_place(out, force)
    code, texts = code_of(names, plugins, card or {}), _texts(card or {})
    if suite.release is None:
        raise InputError(f"{suite.origin}: not a release; submissions are for the board of one")
    folder = folder_of(suite, runs_dir)
    manifest = Manifest.read(folder)
    cells = tuple(cell for cell in manifest.cells if cell.estimator not in manifest.reference)
    records = finished_records(replace(manifest, cells=cells), folder, mixed=False)
    methods = [each for each in manifest.methods if each.label not in manifest.reference]
    contents = tables(records)
    if suite.release.part == "public":
        del contents[SCORES]  # of costs, and of other numbers that need no truth
    if code:
        contents[PLUGIN] = code
    content: dict[str, Any] = {
        "format": FORMAT,
        "release": {"id": suite.release.id, "sha256": suite.release.digest},
        "methods": [method.content for method in methods],
        "versions": {"sdscm": __version__, **versions_of(record.versions for record in records)},
        "definitions": definitions(suite),
        "plugin": {"file": PLUGIN} if code else {"link": texts["link"]} if texts["link"] else {},
        "card": texts,
    }
    contents[CARD] = _card(content, records, contents).encode()
    content["files"] = listed(contents)
    contents[SUBMISSION] = manifest_bytes(content)
    return open_submission(write_files(contents, out))


def check_place(out: Path, force: bool) -> None:
    """Raise an InputError if no submission can be written to ``out``."""
    if out.suffix != ".zip":
        raise InputError(f"--out {out}: a submission is a zip; give a name that ends in .zip")
    if out.exists() and not (force and out.is_file()):
        raise InputError(f"--out {out}: exists already; give another name, or --force")


def code_of(names: Sequence[str], plugins: Sequence[str | Path], card: Mapping[str, str]) -> bytes:
    """Read the file that registers methods; empty for methods of sdscm or of a package.

    Raises
    ------
    InputError
        If they are of several files, or their code is neither in a file nor has a link.
    """
    infos = [estimators.info(name) for name in names]
    for info in infos:
        if info.fit_group and info.origin != "built-in":
            raise InputError(f"{info.name}: it is fitted with others (fit_group); submit one alone")
    origins = {info.origin: info.name for info in infos if info.origin != "built-in"}
    files = [Path(each).resolve() for each in plugins]
    files = [each for each in files if f"plugin {each}" in origins]
    if len(origins) > 1:
        raise InputError(f"{' and '.join(origins)}: write the methods of a submission in one file")
    if files and files[0].stat().st_size > MOST_SOURCE:
        raise InputError(f"{files[0]}: more than {MOST_SOURCE} bytes; a submission has source only")
    if origins and not files and not card.get("link"):
        ((origin, name),) = origins.items()
        raise InputError(f"'{name}' is of {origin}; say where its code is, with --link URL")
    return files[0].read_bytes() if files else b""


def _texts(card: Mapping[str, str]) -> dict[str, str]:
    """Complete and check the fields of the card."""
    for name, text in card.items():
        if name not in FIELDS:
            raise InputError(f"--card {name}: no field of it; choose of {', '.join(FIELDS)}")
        if len(text) > LONGEST_TEXT:
            raise InputError(f"--{name}: more than {LONGEST_TEXT} letters; give a link for more")
    return {name: " ".join(card.get(name, "").split()) for name in FIELDS}


def _card(
    content: Mapping[str, Any], records: Sequence[Record], contents: Mapping[str, bytes]
) -> str:
    """Write the README: a form about the methods, and how the submission is checked."""
    counts = Counter(record.cell.estimator for record in records)
    ok = Counter(record.cell.estimator for record in records if record.outcome.status == "ok")
    methods = [
        [each["label"], each["family"], each["estimand"], *map(str, (counts[name], ok[name]))]
        for each in content["methods"]
        for name in [each["label"]]
    ]
    release = content["release"]
    versions = [f"{library} {version}" for library, version in content["versions"].items()]
    files = [
        (SUBMISSION, "Manifest: release, methods, versions, card, SHA-256 of each file"),
        (CELLS, "One row for each fit: seed, status, versions"),
        (PREDICTIONS, "One row for each fit and kind of rows: effects, intervals, average effect"),
        (SCORES, "One row for each fit and kind of rows: every score, without costs"),
        (PLUGIN, "The code of the methods"),
    ]
    parts = [
        f"# {', '.join(each['label'] for each in content['methods'])} on {release['id']}",
        markdown_table(
            ["", ""],
            [[title, content["card"][name] or "not stated"] for name, title in FIELDS.items()],
            left=2,
        ),
        f"- Release: {release['id']}, SHA-256 of its manifest {release['sha256']}\n"
        f"- Made with: {', '.join(versions)}",
        "## Methods",
        markdown_table(["Method", "Family", "Estimand", "Fits", "Ok"], methods, left=3),
        "## Check",
        "```\nsdscm submission check FILE.zip\nsdscm submission check FILE.zip --refit 3\n```",
        f"The first command runs no code of the submission. The second one runs `{PLUGIN}`: read "
        "it before.",
        "## Files",
        markdown_table(
            ["File", "Content"],
            [[name, text] for name, text in files if name in {*contents, SUBMISSION}],
            left=2,
        ),
    ]
    return "\n\n".join(parts) + "\n"
