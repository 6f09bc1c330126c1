"""Write the README of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.archive.release import id_of
from benchmarks.report.lists import dataset_note, dataset_table
from benchmarks.storage.frozen import CELLS, PREDICTIONS, SCORES
from benchmarks.storage.store import Record
from sdscm.number_format import joined, percent
from sdscm.report_page.markdown import markdown, markdown_table

_RESULTS = (
    (CELLS, "One row for each fit of a method on a dataset: seed, status, versions"),
    (SCORES, "One row for each fit and kind of rows: every score, without costs"),
    (PREDICTIONS, "One row for each fit and kind of rows: effects, intervals, average effect"),
)
_MANIFESTS = (
    ("release.json", "Manifest: suite, origin, versions, held-out rows, SHA-256 of each file"),
    ("croissant.json", "The same files for programs, in Croissant"),
)
_SEEN = (
    ("X:NAME", "A covariate as a number, the only columns that estimators see beside t and y"),
    ("label:NAME", "The text of a covariate that is a code"),
    ("t", "Treatment, 0 or 1"),
)
_TRUE = (
    ("y0, y1", "Potential outcomes; the observed one is y1 if t is 1, else y0"),
    ("propensity", "True probability of the treatment"),
    ("cate:SETTING", "True CATE given the covariates of the setting"),
    ("text", "The sentences of the unit"),
)
_PREDICT = """\
With `pip install sdscm`, in the folder that holds this release:

```
sdscm release verify .
sdscm predict . --plugin mine.py --estimators "Mine" --out mine.zip
```

The last command fits the method on each dataset, in each setting, and with several seeds if it is \
stochastic. Send `mine.zip` to the organiser."""
_SCORE = """\
**This folder holds the truth of a sealed release. Keep it.** To score a submission:

```
sdscm score mine.zip --truth .
```

"""
_USE = """\
With `pip install sdscm`, in the folder that holds this release (`.` is its folder, or give the \
zip):

```
sdscm release verify .
sdscm benchmark .
sdscm benchmark . --plugin mine.py --estimators "Mine"
```

The last command fits only the new method, and sets it among the results of the others."""


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
    part = content.get("sealed", {}).get("part", "")
    public = part == "public"
    about = f"{len(facts)} datasets with known causal effects, and the results of {len(methods)} "
    about += "methods on them."
    if public:
        about = f"{len(facts)} datasets, the effects of which the organiser knows."
    kind = "A dataset" if public else "A dataset with both potential outcomes"
    files = [("datasets/NAME.parquet", f"{kind}: see its table below")]
    files += [*(() if public else _RESULTS), *_MANIFESTS]
    true = [("y0, y1", "The observed outcome, as y1 if t is 1, else as y0; the other is empty")]
    parts = [
        f"# {name}: {content['title']}",
        f"{about} Settings: {joined(content['suite']['settings'])}.",
        f"- Licence: {content['licence'] or 'not stated'}\n"
        f"- Citation: {content['citation'] or 'not stated'}\n"
        f"- Made with: {', '.join(versions)}",
        "## Use",
        _PREDICT if public else _SCORE * (part == "truth") + _USE,
        "## Files",
        markdown_table(["File", "Content"], [list(row) for row in files], left=2),
        "A dataset has one row for each unit, and these columns (some may be absent):",
        markdown_table(
            ["Column", "Content"],
            [list(row) for row in (*_SEEN, *(true if public else _TRUE))],
            left=2,
        ),
    ]
    if not public:
        parts += [
            "Seconds and memory are left out, since another machine would not share them.",
            "## Methods",
            markdown_table(["Method", "Family", "Estimand", "Fits", "Ok"], methods, left=3),
        ]
    parts += ["## Datasets"]
    if public:
        # The table of facts has columns for the truth only.
        rows = [
            [each["dataset"], f"{each['n']}", percent(each["treated"])]
            for each in facts.to_dict("records")
        ]
        parts += [markdown_table(["Dataset", "Rows", "Treated"], rows, left=1)]
    else:
        parts += [markdown(dataset_table(facts)), dataset_note(facts)]
    return "\n\n".join(parts) + "\n"
