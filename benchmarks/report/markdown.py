"""The leaderboard as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from benchmarks.boards.board import Board, ranking_rule
from benchmarks.boards.ranking import RULE
from benchmarks.boards.scores import of_cells
from benchmarks.report.columns import FEWER, columns_of, direction
from benchmarks.report.markdown_board import comparison, table
from benchmarks.report.tables import markdown_table
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record
from sdscm.data.dataset import Provenance
from sdscm.number_format import NONE, number

_SETTINGS = {
    "all": "every covariate is seen",
    "hidden": "the exogenous covariates, the confounders among them, are hidden",
}


def render(
    manifest: Manifest,
    boards: Sequence[Board],
    facts: pd.DataFrame,
    scores: pd.DataFrame,
    provenance: Mapping[str, Provenance],
    records: Mapping[str, Record],
    figures: Iterable[str],
) -> str:
    """The whole page."""
    suite = manifest.suite
    parts = [f"# {suite.title or suite.name}", _summary(manifest, facts, scores)]
    parts += [
        f"![Errors by estimator and setting; the tables below hold the numbers]({name})"
        for name in figures
    ]
    parts += [_board(board, manifest) for board in boards]
    parts += ["## How to read this", _reading(boards, manifest)]
    trouble = _failures(scores)
    if trouble:
        parts += ["## Cells without a score", trouble]
    parts += ["## The datasets", _facts(facts)]
    parts += ["## Where it comes from", _provenance(manifest, provenance, records)]
    return "\n\n".join(parts) + "\n"


def _summary(manifest: Manifest, facts: pd.DataFrame, scores: pd.DataFrame) -> str:
    cells = of_cells(scores)
    ok = int((cells["status"] == "ok").sum())
    return (
        f"{len(manifest.methods)} estimators, {len(facts)} datasets of {facts['n'].sum():,} rows "
        f"in all, settings {' and '.join(manifest.suite.settings)}: {ok} of {len(cells)} cells "
        f"scored. Remake it with `{manifest.command}`."
    )


def _heading(board: Board, manifest: Manifest) -> str:
    shown = [
        f"setting {value}" if key == "setting" else value or "data of other origin"
        for key, value in board.group.items()
    ]
    meaning = _SETTINGS.get(board.group.get("setting", ""), "")
    return "## " + ": ".join(
        part for part in (", ".join(shown) or manifest.suite.name, meaning) if part
    )


def _board(board: Board, manifest: Manifest) -> str:
    note = f"{board.scored_against} Intervals resample {board.clusters} phrasings or files."
    if board.clusters < 2:
        note = f"{board.scored_against} One phrasing or file: no intervals."
    parts = [_heading(board, manifest), note]
    for standing in board.standings.values():
        parts += [
            f"### {standing.metric.group}, by {standing.metric.title}",
            table(board, standing, manifest.suite.board.columns),
            comparison(standing),
        ]
    return "\n\n".join(part for part in parts if part)


def _reading(boards: Sequence[Board], manifest: Manifest) -> str:
    options = manifest.suite.board
    columns = dict.fromkeys(
        metric
        for board in boards
        for standing in board.standings.values()
        for metric in columns_of(board, standing, options.columns)
    )
    level = f"{1 - manifest.suite.alpha:.0%}"
    lines = [
        ranking_rule(options),
        "Numbers are means over datasets, or one number for all of them (RMSE and R² of the ATE); "
        "costs are medians, and the column Median is of what the table is ordered by. In "
        f"brackets: {options.level:.0%} percentile bootstrap intervals, {options.resamples:,} "
        "resamples of the phrasings (datasets of one phrasing are not independent). With few "
        "phrasings they are rough. In bold: the best of the methods without lost cells, where a "
        "column compares with the truth and is best at one end. "
        f"{FEWER}: a mean over fewer datasets than that of other methods, since the score is not "
        "defined on all (a rank correlation of equal effects, for one); it is never in bold.",
        RULE,
        "Group: methods that share a letter do not differ by Nemenyi's test, which is made after "
        "Friedman's and for all pairs at once, with phrasings (or files) as blocks (Demsar 2006).",
        f"The estimators' own intervals have the nominal level {level}; a coverage is good when "
        "it is near that. That of the ATE is coverage of the SATE, for which intervals made for a "
        "population are conservative. SD(y) is that of the observed outcome of a dataset. "
        "Scores are of the rows that a method was fitted on, unless a heading says otherwise. "
        f"{NONE}: the method has no such answer.",
        "What is called CATE in a heading is the target that stands above the board: the true CATE "
        "given the shown covariates where it is known, else the ITE, whose error no method that "
        "sees these covariates only can bring to 0.",
        "\n".join(f"- {m.title}: {direction(m, level)} ({m.source})" for m in columns),
    ]
    return "\n\n".join(lines)


def _failures(scores: pd.DataFrame) -> str:
    cells = of_cells(scores)
    lost = cells[cells["status"] != "ok"]
    if lost.empty:
        return ""
    rows = [
        [str(estimator), str(setting), str(status), str(len(part)), str(reason)]
        for (estimator, setting, status, reason), part in lost.groupby(
            ["estimator", "setting", "status", "reason"], sort=False
        )
    ]
    header = ["Estimator", "Setting", "Status", "Cells", "Reason"]
    return markdown_table(header, rows, left=5)


def _facts(facts: pd.DataFrame) -> str:
    rows = []
    for _, row in facts.iterrows():
        known = row["propensity_min"] == row["propensity_min"]
        span = f"{row['propensity_min']:.2f} to {row['propensity_max']:.2f}"
        rows.append(
            [
                row["dataset"],
                row["problems"] or "none",
                f"{row['n']:,}",
                f"{row['distinct']:,}",
                f"{row['treated']:.0%}",
                number(row["sate_sd"]),
                number(row["naive_sd"]) + (" (sign flips)" if row["sign_flip"] else ""),
                number(row["bias_sd"]),
                number(row["heterogeneity"]),
                number(row["cate_spread"]),
                number(row["hidden_share"]),
                span if known else NONE,
                number(row["effective_n"]) if known else NONE,
                str(row["seed"]),
            ]
        )
    header = [
        "Dataset",
        "Problems",
        "Rows",
        "Distinct",
        "Treated",
        "SATE / SD(y)",
        "Naive / SD(y)",
        "Bias / SD(y)",
        "SD(ITE) / SD(y)",
        "SD(hidden CATE) / SD(y)",
        "Var(ITE given X) / Var(ITE), hidden",
        "True propensity",
        "Effective rows",
        "Seed",
    ]
    note = (
        "Naive is the difference of the observed means, bias its distance from the SATE: what "
        "confounding does to a method that ignores it. Distinct rows are those of covariates and "
        "treatment. The hidden CATE is the true mean effect given the covariates that are left in "
        "the setting hidden; where it hardly varies, PEHE is mostly the error of the average. "
        "Effective rows are Kish's, under stabilised weights by the true propensity."
    )
    return markdown_table(header, rows, left=2) + "\n\n" + note


def _provenance(
    manifest: Manifest, provenance: Mapping[str, Provenance], records: Mapping[str, Record]
) -> str:
    suite = manifest.suite
    lines = [
        f"- Command: `{manifest.command}`",
        f"- Suite: {suite.name}, seed {suite.seed}, alpha {suite.alpha:g}",
    ]
    origins = {
        (p.scenario, p.spec_hash, p.lm, p.lm_revision, _options(p)): None
        for p in provenance.values()
    }
    for scenario, spec, lm, revision, options in origins:
        if not spec:
            lines.append(f"- Data: {scenario}")
            continue
        lines.append(
            f"- Data: scenario {scenario} (spec {spec}), language model {lm} (revision {revision})"
            + (f", {options}" if options else "")
        )
    found: dict[str, set[str]] = {}
    for versions in [
        *(p.versions for p in provenance.values()),
        *(r.versions for r in records.values()),
    ]:
        for name, version in versions.items():
            found.setdefault(name, set()).add(version)
    shown = (f"{name} {', '.join(sorted(found[name]))}" for name in sorted(found))
    lines.append(f"- Versions: {'; '.join(shown)}")
    return "\n".join(lines)


def _options(provenance: Provenance) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(provenance.options.items()))
