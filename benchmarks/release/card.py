"""Write the README of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.archive.release import id_of
from benchmarks.report.lists import DATASET_NOTE, dataset_table
from benchmarks.storage.frozen import CELLS, PREDICTIONS, SCORES
from benchmarks.storage.store import Record
from sdscm.number_format import joined
from sdscm.report_page.markdown import markdown, markdown_table

#: The files of a release: name and content.
FILES = (
    ("datasets/NAME.parquet", "A dataset with both potential outcomes: see its table below"),
    (CELLS, "One row for each fit of a method on a dataset: seed, status, versions"),
    (SCORES, "One row for each fit and kind of rows: every score, without costs"),
    (PREDICTIONS, "One row for each fit and kind of rows: effects, intervals, average effect"),
    ("release.json", "Manifest: suite, origin, versions, held-out rows, SHA-256 of each file"),
    ("croissant.json", "The same files for programs, in Croissant"),
)
#: Columns of a dataset's file.
COLUMNS = (
    ("X:NAME", "A covariate as a number, the only columns that estimators see beside t and y"),
    ("label:NAME", "The text of a covariate that is a code"),
    ("t", "Treatment, 0 or 1"),
    ("y0, y1", "Potential outcomes; the observed one is y1 if t is 1, else y0"),
    ("propensity", "True probability of the treatment"),
    ("cate:SETTING", "True CATE given the covariates of the setting"),
    ("text", "The sentences of the unit"),
)


def card(content: Mapping[str, Any], facts: pd.DataFrame, records: Sequence[Record]) -> str:
    """Write the README: what the release is, how it is used, its files, methods and datasets.

    Parameters
    ----------
    content
        The manifest.
    facts
        See `benchmarks.datasets.facts.fact_table`.
    records
        The records of all cells.
    """
    name = id_of(content["name"], content["version"])
    counts = Counter(record.cell.estimator for record in records)
    ok = Counter(record.cell.estimator for record in records if record.outcome.status == "ok")
    methods = [
        [
            each["label"],
            each["family"],
            each["estimand"],
            str(counts[each["label"]]),
            str(ok[each["label"]]),
        ]
        for each in content["methods"]
    ]
    versions = [f"{library} {version}" for library, version in content["versions"].items()]
    parts = [
        f"# {name}: {content['title']}",
        f"{len(facts)} datasets with known causal effects, and the results of {len(methods)} "
        f"methods on them. Settings: {joined(content['suite']['settings'])}.",
        f"- Licence: {content['licence'] or 'not stated'}\n"
        f"- Citation: {content['citation'] or 'not stated'}\n"
        f"- Made with: {', '.join(versions)}",
        "## Use",
        "With `pip install sdscm`, in the folder that holds this release (`.` is its folder, or "
        "give the zip):",
        "```\nsdscm release verify .\nsdscm benchmark .\n"
        'sdscm benchmark . --plugin mine.py --estimators "Mine"\n```',
        "The last command fits only the new method, and sets it among the results of the others.",
        "## Files",
        markdown_table(["File", "Content"], [list(row) for row in FILES], left=2),
        "A dataset has one row for each unit, and these columns (some may be absent):",
        markdown_table(["Column", "Content"], [list(row) for row in COLUMNS], left=2),
        "Seconds and memory are left out, since another machine would not share them.",
        "## Methods",
        markdown_table(["Method", "Family", "Estimand", "Fits", "Ok"], methods, left=3),
        "## Datasets",
        markdown(dataset_table(facts)),
        DATASET_NOTE,
    ]
    return "\n\n".join(parts) + "\n"
