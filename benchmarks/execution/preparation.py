"""Work that several fits share, such as embeddings of texts, before the fits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pandas as pd

from benchmarks.execution.batches import Task


def prepare_texts(tasks: Sequence[Task]) -> None:
    """Let methods that read texts compute what their fits share, once for all cells.

    It runs in this process and without a time limit, with the texts that the cells show. A built-in
    estimator does it by a method ``prepare(text=...)``; those of plugins and users are in workers
    only. A problem is not raised here: the fit has the same problem, and the cell says so.
    """
    texts: dict[str, list[pd.Series]] = {}
    jobs = {}
    for cell, job in tasks:
        if "text" in job.shown and not job.isolation_group:
            jobs[cell.estimator] = job
            for rows in filter(None, (job, job.held_out)):
                texts.setdefault(cell.estimator, []).append(rows.shown["text"])
    for label, job in jobs.items():
        with suppress(Exception):
            estimator = job.maker.make(job.seed)
            if hasattr(estimator, "prepare"):
                estimator.prepare(text=pd.concat(texts[label]).drop_duplicates())
