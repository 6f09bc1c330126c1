"""Write sentences for the readers of boards: rules, notes, tests and findings."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from benchmarks import metrics
from benchmarks.boards.board import Board
from benchmarks.boards.columns import FEWER
from benchmarks.boards.intervals import MIN_CLUSTERS
from benchmarks.boards.ranking import Ranking
from benchmarks.datasets.truth import FITTED, HELD_OUT, MIN_UNSEEN, UNSEEN
from benchmarks.storage.manifest import Manifest
from benchmarks.suite.model import BoardOptions, Suite
from sdscm.data.settings import SETTING_INFOS
from sdscm.number_format import (
    NONE,
    counted,
    joined,
    level,
    p_equals,
    percent,
    two_decimals,
)

#: Name of the language model of other data.
NO_LM = "data of other origin"

#: Description of each kind of rows that scores are computed on.
ROWS = {
    FITTED: "fitted rows",
    HELD_OUT: "held-out rows",
    UNSEEN: "held-out rows with new covariate values",
}

_PLURAL = {"phrasing or file": "phrasings or files", "scenario": "scenarios"}

#: Note on boards of individual effects.
COUPLING = (
    "In sampled data, effects of units that run through mediators rest on the Gumbel coupling of "
    "the two worlds, which no data can test; 'options: {coupling: redraw}' is the comparison."
)

#: Rule of average ranks and win rates.
COMPARISON_RULE = (
    "Each dataset ranks the methods by their scores; equal scores share their mean rank. A method "
    "without a score on a dataset (its cell failed, timed out, was skipped or is missing, or the "
    "score is not defined there) is last on it, tied with the others that have none. The ranks "
    "are averaged within phrasings (or files), then over them, so that one score changes one rank "
    "only, however large it is. Win rates compare the ranks within phrasings; a tie is half a win. "
    "A dataset on which no method has a score, and a method without any score, are left out. The "
    "Oracle does not compete."
)

#: Rule of the scores of methods that are fitted with several seeds.
REPETITION_RULE = (
    "A stochastic method is fitted with several seeds on each dataset. Its score on a dataset is "
    "the mean over the seeds; if a fit failed or timed out, it has no score there, since a mean "
    "over the other seeds would favour methods that fail. RMSE and R² of the ATE are of all fits. "
    "Counts of cells are of fits. Seed spread: the standard deviation of the score over seeds, "
    "median over datasets."
)


def setting_words(setting: str) -> str:
    """Describe a setting: the covariates that estimators see."""
    infos = {name: info.summary for name, info in SETTING_INFOS.items()}
    return infos.get(setting, setting)  # type: ignore[call-overload]  # that of another version


def rows_words(rows: str) -> str:
    """Describe the rows that scores are computed on."""
    return ROWS.get(rows, rows)


def place(group: Mapping[str, str]) -> str:
    """Describe the language model, setting and rows that all cells of a board share."""
    group = dict(group)
    setting, rows = group.pop("setting", None), group.pop("rows", None)
    parts = [value or NO_LM for value in group.values()]
    parts += [setting_words(setting)] if setting is not None else []
    parts += [rows_words(rows)] if rows else []
    return ", ".join(parts) or "all cells"


def ranking_rule(options: BoardOptions) -> str:
    """Describe the rule by which boards are ordered."""
    by = "; ".join(
        f"{metric.group} by {metric.title} ({metric.better} is better)"
        for metric in map(metrics.get, options.rank_by)
    )
    return (
        f"Ordered by average rank: {by}; a method has no rank by a metric that it has no score of. "
        "Equal average ranks share a rank. The Oracle is shown the truth: it checks the scorer and "
        "has no rank."
    )


_LATE = (
    "LATE: the mean effect of the compliers. All methods are compared with it where the instrument "
    "is shown. The Oracle answers with the mean effect of all units, so that its distance from the "
    "LATE is that of the two truths."
)


def rules(suite: Suite) -> tuple[str, ...]:
    """List the explanations for readers of a suite's boards, one paragraph each."""
    options = suite.board
    return (
        ranking_rule(options),
        "Numbers are means over datasets, or one number for all of them (RMSE and R² of the ATE); "
        "costs are medians, and the column Median is of what the table is ordered by. A large "
        "error on one dataset can decide a mean, but not a rank; the column Off counts the "
        "estimates that are off by more than 1 SD(y). In brackets: "
        f"{level(options.level)} intervals over the phrasings (datasets of one phrasing are not "
        f"independent), by a studentised bootstrap of {options.resamples:,} resamples for means, "
        "and order statistics for medians (from 6 phrasings on); RMSE and R² have none. With "
        f"fewer than {MIN_CLUSTERS} phrasings, or equal scores on all, there are no intervals. In "
        "bold: the best of the methods without lost cells, where a column compares "
        f"with the truth and is best at one end. {FEWER}: a mean over fewer datasets than that of "
        "other methods, since the score is not defined on all (a rank correlation of equal "
        "effects, for one); it is never in bold.",
        COMPARISON_RULE,
        REPETITION_RULE,
        "Group: methods that share a letter do not differ by Nemenyi's test, which is made after "
        "Friedman's and for all pairs at once, with phrasings (or files; on boards over scenarios, "
        "scenarios) as blocks (Demsar 2006). Each block ranks the methods by their average rank on "
        "its datasets.",
        f"The methods' own intervals have the nominal level {level(1 - suite.alpha)}; a coverage "
        "is good when it is near that. That of the ATE is coverage of the SATE, for which "
        "intervals made for a population are conservative. SD(y) is that of the observed outcome "
        "of a dataset. Scores are of the rows that a method was fitted on, unless a heading says "
        f"otherwise. {NONE}: the method has no such answer.",
        "In headings, CATE means the target of the board: the true CATE given the shown covariates "
        "if it is known, else the ITE. A method that sees only these covariates cannot reach an "
        "error of 0 against the ITE.",
        *[_LATE] * ("instrument" in suite.settings),
    )


def notes(board: Board, ranking: Ranking, marks: Collection[str]) -> tuple[str, ...]:
    """List the notes for readers of one table; ``marks`` are those of its cells."""
    metric, found = ranking.metric, []
    if board.lms:
        found.append(
            f"All language models together ({joined(name or NO_LM for name in board.lms)}): each "
            "phrasing averages its datasets of all of them."
        )
    if board.scenarios:
        return (
            *found,
            *_rows_notes(board),
            f"Average ranks on the boards of {len(board.scenarios)} scenarios, each with the same "
            f"weight; in brackets {level(ranking.level)} intervals over the phrasings within "
            f"scenarios (Student's t, Satterthwaite 1946), if each has {MIN_CLUSTERS} phrasings or "
            "more. Scores of different scenarios have no common mean.",
        )
    if metric.target != "none" and not len(ranking.ranks.columns):
        found.append("No scores: the true effects are not known, or no cell of a method is ok.")
    elif metric.target != "none":
        target = board.target if metric.group == "CATE" else metric.target
        found.append(f"Scored against the {target}.")
        if target == "ITE":
            found.append(COUPLING)
    if metric.group == "cost":
        found.append("Medians over datasets.")
    elif board.clusters == 1:
        found.append("Means over datasets. One phrasing or file: no intervals.")
    elif board.clusters < MIN_CLUSTERS:
        found.append(
            f"Means over datasets. Fewer than {MIN_CLUSTERS} phrasings or files: no intervals; in "
            "brackets the mean of each."
        )
    else:
        found.append(
            f"Means over datasets, in brackets {level(ranking.level)} intervals over "
            f"{board.clusters} phrasings or files."
        )
    found += _rows_notes(board)
    if board.identified:
        found.append(f"Identification by the graph: {board.identified}.")
    if board.not_applicable:
        found.append(f"Not applicable here: {joined(board.not_applicable)}.")
    found.append("Bold: the best of the methods without lost cells.")
    if FEWER in marks:
        found.append(f"{FEWER}: a mean over fewer datasets, since the score is not defined on all.")
    return tuple(found)


def _rows_notes(board: Board) -> list[str]:
    """Describe how many of the held-out rows have new covariate values."""
    rows, share = board.group.get("rows"), board.unseen_share
    mean = "mean over boards" if board.scenarios else "mean over datasets"
    if rows == HELD_OUT and share == 1:
        return ["All held-out rows have new covariate values: those of no fitted row."]
    if rows == HELD_OUT and share >= 0:
        return [
            f"{percent(share, 1)} of the held-out rows have covariate values that no fitted row "
            f"has ({mean})."
        ]
    if rows == UNSEEN:
        return [
            f"Of the held-out rows those with covariate values that no fitted row has: "
            f"{percent(share, 1)} ({mean}). Datasets with fewer than {MIN_UNSEEN} such "
            "rows are left out. An average effect is the mean of the effects of these rows, and "
            "has no interval, unless a method estimates the average effect only."
        ]
    return []


def test(ranking: Ranking) -> str:
    """Describe the result of the tests; empty if no method competes."""
    tested = ranking.significance
    if tested is None:
        few = "Too few methods or phrasings to test which methods differ."
        return few if len(ranking.ranks.columns) else ""
    return (
        f"Friedman's test that all methods are alike: {p_equals(tested.friedman)}. Means of ranks "
        f"differ at {level(1 - tested.level)} if they are more than "
        f"{two_decimals(tested.critical_difference)} apart (Nemenyi, "
        f"{counted(len(ranking.ranks), ranking.block, _PLURAL[ranking.block])}); methods that "
        "share a letter do not."
    )


def release_notes(manifest: Manifest) -> tuple[str, ...]:
    """Describe where the results of the methods of a release come from; none for other suites."""
    if not manifest.reference:
        return ()
    submitted = manifest.submitted
    count = len(manifest.reference) - len(submitted)
    found = [
        f"The results of {counted(count, 'method')} of {len(manifest.methods)} are those of the "
        f"release {manifest.suite.name}: they were not fitted here, and have no seconds and no "
        "memory, which another machine would not share",
    ]
    if submitted:
        listed = "; ".join(f"{label} ({mark})" for label, mark in submitted.items())
        found.append(f"Submissions of others, whose scores follow from their predictions: {listed}")
    return tuple(found)


def finding(board: Board, ranking: Ranking) -> str:
    """Name the best methods, and count those that do not differ from them; empty without one."""
    metric, rows = ranking.metric, board.table.set_index("estimator")
    leaders = [str(name) for name in rows.index[rows[ranking.column("rank")] == "1"]]
    if not leaders:
        return ""
    value = two_decimals(rows.loc[leaders[0], ranking.column("average_rank")])
    verb = "leads" if len(leaders) == 1 else "lead"
    lead = f"{metric.group}, {place(board.group)}: {joined(leaders)} {verb}"
    lead += f" by {metric.title}, with the average rank {value}"
    tested = ranking.significance
    if tested is None:
        return f"{lead}."
    alike = {other for group in tested.groups if leaders[0] in group for other in group}
    count, rivals = len(alike - set(leaders)), len(ranking.ranks.columns) - len(leaders)
    return f"{lead}; the tests do not tell {count} of the {rivals} others from it."
