"""Make a spec of a table: variables, values, sentences, and the shares of root variables."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from sdscm.authoring.document import document
from sdscm.authoring.graphs import MOST_VARIABLES
from sdscm.authoring.sentences import FRAMES, framed, label, plain_sentence
from sdscm.errors import InputError
from sdscm.hints import did_you_mean

#: A column of numbers with more distinct values is cut at quantiles.
MOST_NUMBERS = 6
#: Parts into which numbers are cut, and the most values of a column of categories.
PARTS, MOST_CATEGORIES = 4, 8
#: Categories with a smaller share of the rows are joined.
RARE = 0.05
OTHER, UNKNOWN = "another one", "not known"
_NOTES = (
    "Made from a table. Edit the words, the values and the arrows; then: sdscm spec check FILE",
    "The whole format: help('sdscm.spec') in Python.",
)


@dataclass(frozen=True)
class Column:
    """A column as a text variable: its values, and the share of the rows that has each."""

    values: tuple[str, ...]
    shares: tuple[float, ...]


def column_of(values: pd.Series) -> Column:
    """Values of a column as texts, and their shares; see `texts_of`."""
    texts = texts_of(values)
    counts = texts.value_counts().reindex(texts.cat.categories)
    return Column(tuple(map(str, counts.index)), tuple(counts / len(texts)))


def texts_of(values: pd.Series) -> pd.Series:
    """A column as ordered categories that are texts.

    Numbers with more than `MOST_NUMBERS` distinct values are cut at quantiles into `PARTS` parts.
    Categories with less than `RARE` of the rows, and those beyond the `MOST_CATEGORIES` most
    frequent ones, are joined. Missing values are a value of their own.

    Raises
    ------
    InputError
        If the column has no value, or holds dates, lists, infinity, or texts that all are rare.
    """
    missing = values.isna()
    known = values[~missing]
    if known.empty:
        raise InputError(f"column {values.name!r} has no value; leave it out")
    if pd.api.types.is_datetime64_any_dtype(known) or pd.api.types.is_timedelta64_dtype(known):
        raise InputError(f"column {values.name!r} holds dates; give a number, such as the year")
    try:
        distinct = known.nunique()
    except TypeError:
        raise InputError(f"column {values.name!r} holds lists; leave it out") from None
    if pd.api.types.is_bool_dtype(known) or set(known.unique()) <= {0, 1}:
        texts = known.map(lambda value: "yes" if value else "no")
        order = ["no", "yes"]
    elif pd.api.types.is_numeric_dtype(known) and distinct > MOST_NUMBERS:
        texts, order = _cut(known.astype(float))
    else:
        texts, order = _categories(known)
    whole = pd.Series(UNKNOWN, index=values.index, dtype=object)
    whole[~missing] = texts.to_numpy()
    found = set(whole)
    order = [each for each in dict.fromkeys([*order, UNKNOWN]) if each in found]
    return pd.Series(pd.Categorical(whole, order, ordered=True), index=values.index)


def _cut(numbers: pd.Series) -> tuple[pd.Series, list[str]]:
    """Numbers as the parts between quantiles, with readable ends."""
    if not np.isfinite(numbers).all():
        raise InputError(f"column {numbers.name!r} holds infinity; remove those rows")
    spread = float(numbers.max()) - float(numbers.min())
    if not 0 < spread < np.inf:
        raise InputError(
            f"column {numbers.name!r} holds numbers that float64 cannot tell apart, or whose range "
            "it cannot hold; rescale them"
        )
    inner = np.quantile(numbers, np.arange(1, PARTS) / PARTS)
    digits = 0 if spread >= PARTS * 2 else int(np.ceil(-np.log10(spread))) + 2
    # An end at the smallest number would leave the first part empty.
    ends = sorted({round(float(end), digits) for end in inner if end > numbers.min()})
    ends = ends or [round(float(np.mean(numbers)), digits)]
    texts = [f"{end:,.{digits}f}" for end in ends]
    order = [f"below {texts[0]}"]
    order += [f"from {low} to below {high}" for low, high in itertools.pairwise(texts)]
    order.append(f"{texts[-1]} or more")
    places = np.searchsorted(ends, numbers, side="right")
    return pd.Series([order[place] for place in places]), order


def _categories(known: pd.Series) -> tuple[pd.Series, list[str]]:
    """Categories as texts, the rare ones joined, in the order of the type or of the values."""
    if isinstance(known.dtype, pd.CategoricalDtype) and known.cat.ordered:
        order = list(dict.fromkeys(map(_text, known.cat.categories)))
    elif pd.api.types.is_numeric_dtype(known):
        order = [_text(each) for each in sorted(known.unique())]
    else:
        order = sorted(set(map(_text, known)))
    texts = known.map(_text).astype(str)
    shares = texts.value_counts(normalize=True)
    kept = [each for each in shares.index[:MOST_CATEGORIES] if shares[each] >= RARE]
    if not kept:
        raise InputError(
            f"column {known.name!r} has {len(shares)} different values, each of them rare; leave "
            "it out, or join them"
        )
    # One rare category would only be renamed, and a domain needs two values.
    if len(kept) >= len(shares) - 1:
        kept = list(shares.index[:MOST_CATEGORIES])
    joined = texts.where(texts.isin(kept), OTHER)
    return joined, [each for each in order if each in kept] + [OTHER]


def _text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip() or "empty"


def spec_from_table(
    table: pd.DataFrame,
    name: str,
    treatment: str,
    outcome: str,
    *,
    covariates: Collection[str] | None = None,
    exogenous: Collection[str] = (),
    graph: nx.DiGraph | None = None,
    phrasings: int = 20,
) -> str:
    """The YAML text of a spec with the variables of a table, for an author to edit.

    Parameters
    ----------
    table
        One row a unit.
    name
        Name of the spec.
    treatment, outcome
        Columns. The treatment has two values; the first is the control. The last known value of
        the outcome is its ``outcome_value``, so that a larger y means a larger outcome.
    covariates
        Columns that are used beside these; None for all.
    exogenous
        Columns that the setting ``hidden`` does not show.
    graph
        DAG over columns, of `read_graph`. By default every other column causes treatment and
        outcome. Columns that are not in it are left out.
    phrasings
        Number of sentences of each variable.

    Raises
    ------
    InputError
        If a column is missing, the treatment has not two values, or the graph has other nodes.
    """
    names = [str(each) for each in table.columns]
    if treatment == outcome:
        raise InputError(f"column {outcome!r} is both treatment and outcome; name two columns")
    table = table.set_axis(names, axis=1)
    for column in (treatment, outcome, *(covariates or ()), *exogenous, *(graph or ())):
        if column not in names:
            raise InputError(f"the table has no column {column!r}; {did_you_mean(column, names)}")
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise InputError(f"the table has column {twice[0]!r} twice; rename one of them")
    if not 0 < phrasings <= len(FRAMES):
        raise InputError(f"phrasings: is {phrasings}; give 1 to {len(FRAMES)}")
    if graph is None:
        graph = _default_graph(
            names if covariates is None else list(dict.fromkeys([*covariates, *exogenous])),
            treatment,
            outcome,
        )
    for column in (treatment, outcome):
        if column not in graph:
            raise InputError(f"the graph has no node {column!r}; {did_you_mean(column, graph)}")
    if len(graph) > MOST_VARIABLES:
        raise InputError(
            f"the spec has {len(graph):,} columns; keep {MOST_VARIABLES:,} at most, around "
            "treatment and outcome"
        )
    columns = _columns(table, list(graph))
    if len(columns[treatment].values) != 2:
        found = ", ".join(columns[treatment].values)
        raise InputError(
            f"column {treatment!r}: the treatment has the values {found}; give a column of two "
            "values without gaps"
        )
    roles = dict.fromkeys(columns, "covariate")
    roles |= dict.fromkeys(exogenous, "exogenous") | {treatment: "treatment", outcome: "outcome"}
    place = {each: number for number, each in enumerate(graph)}
    try:
        order = list(nx.lexicographical_topological_sort(graph, key=place.__getitem__))
    except nx.NetworkXUnfeasible:
        raise InputError("the graph has a cycle; remove one of its arrows") from None
    variables = []
    for each in order:
        parents, column = list(graph.predecessors(each)), columns[each]
        root = not parents and roles[each] not in ("treatment", "outcome")
        variables.append(
            {
                "name": each,
                "role": roles[each],
                "values": list(column.values),
                "distribution": _weights(column.shares) if root else None,
                "parents": parents,
                "phrasings": framed(plain_sentence(each))[:phrasings],
            }
        )
    title = f"The effect of {label(treatment)} on {label(outcome)}"
    known = [each for each in columns[outcome].values if each not in (OTHER, UNKNOWN)]
    return document(name, variables, _NOTES, title=title, outcome_value=known[-1])


def _columns(table: pd.DataFrame, names: Sequence[str]) -> dict[str, Column]:
    """The columns as text variables; one line says what is wrong with all of them."""
    columns, problems = {}, []
    for name in names:
        try:
            columns[name] = column_of(table[name])
        except InputError as error:
            problems.append(str(error))
            continue
        if len(columns[name].values) < 2:
            problems.append(f"column {name!r} has one value only; leave it out")
    if problems:
        raise InputError(". ".join(problems))
    return columns


def _default_graph(columns: Sequence[str], treatment: str, outcome: str) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from([*(each for each in columns if each not in (treatment, outcome))])
    causes = list(graph)
    graph.add_edges_from((cause, effect) for cause in causes for effect in (treatment, outcome))
    graph.add_edge(treatment, outcome)
    return graph


def _weights(shares: Sequence[float]) -> list[float]:
    """Shares with four decimals and the sum 1."""
    rounded = [round(share, 4) for share in shares]
    rounded[int(np.argmax(rounded))] += 1 - sum(rounded)
    return [round(each, 4) for each in rounded]
