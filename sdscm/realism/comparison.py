"""Compare made data with a real table: a classifier, each column, and each pair of columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from sdscm.arguments import check_type
from sdscm.authoring.tables import texts_of
from sdscm.errors import InputError

FOLDS = 5
#: Fewest rows of each table: the classifier learns nothing from fewer.
FEWEST_ROWS = 20
#: Level of the interval of the area under the curve.
LEVEL = 0.95
#: Equal rows are in the same fold, unless there are more of them ...
MANY_COPIES = 50
#: ... or the tables have fewer different rows: folds would lack rows, or those of one table.
FEW_CONTENTS = 2 * FOLDS
#: Values of a column in a table of associations.
_MOST_VALUES = 30


@dataclass(frozen=True)
class Separation:
    """How well a classifier tells the tables apart.

    Attributes
    ----------
    auc
        Area under the ROC curve, predicted out of fold: 0.5 if they cannot be told apart.
    low, high
        Ends of its 95 % interval (Hanley and McNeil 1982, Radiology 143(1)).
    rows
        Rows of each table that were used: the smaller number.
    """

    auc: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class ColumnDistance:
    """Distance of the distributions of one column.

    ``distance`` is the total variation distance of categories, or the Kolmogorov-Smirnov distance
    of numbers: from 0, the same, to 1. ``made`` and ``real`` describe the column in a few words.
    """

    column: str
    kind: str
    distance: float
    made: str
    real: str


@dataclass(frozen=True)
class PairDifference:
    """Association of two columns in each table: Cramer's V, from 0 to 1."""

    first: str
    second: str
    made: float
    real: float

    @property
    def difference(self) -> float:
        return self.made - self.real


@dataclass(frozen=True)
class Realism:
    """The comparison of made data with a real table.

    Attributes
    ----------
    separation
    columns
        One for each shared column, the largest distance first.
    pairs
        One for each pair of shared columns, the largest difference first.
    made_only, real_only
        Names of columns that only one table has.
    """

    separation: Separation
    columns: tuple[ColumnDistance, ...]
    pairs: tuple[PairDifference, ...]
    made_only: tuple[str, ...]
    real_only: tuple[str, ...]


def compare(made: pd.DataFrame, real: pd.DataFrame, seed: int = 0) -> Realism:
    """Compare the columns that both tables have.

    A column of texts in one table and of numbers in the other is compared as texts: the numbers are
    cut as `sdscm spec from-table` cuts them.

    Parameters
    ----------
    made, real
        One row a unit.
    seed
        Of the folds, the classifier and the rows that are left out of the larger table.

    Raises
    ------
    InputError
        If they share no column, or a table has fewer than 20 rows.
    """
    for what, table in (("made", made), ("real", real)):
        check_type(what, table, pd.DataFrame, "give a DataFrame with a row for each unit")
    made, real = (each.rename(columns=str) for each in (made, real))
    for what, table in (("made data", made), ("real table", real)):
        twice = table.columns[table.columns.duplicated()]
        if len(twice):
            raise InputError(f"the {what}: column {twice[0]!r} occurs twice; rename one of them")
        if len(table) < FEWEST_ROWS:
            raise InputError(f"the {what} has {len(table)} rows; give at least {FEWEST_ROWS}")
    shared = [name for name in real.columns if name in made.columns]
    if not shared:
        raise InputError(
            f"the tables share no column: {', '.join(made.columns)} and {', '.join(real.columns)}"
        )
    first, second = {}, {}
    for name in shared:
        first[name], second[name] = _alike(made[name], real[name])
    a, b = pd.DataFrame(first).reset_index(drop=True), pd.DataFrame(second).reset_index(drop=True)
    return Realism(
        separation=_separation(a, b, seed),
        columns=tuple(
            sorted(
                (_distance(name, a[name], b[name]) for name in shared), key=lambda c: -c.distance
            )
        ),
        pairs=tuple(
            sorted(
                (
                    PairDifference(one, two, _association(a, one, two), _association(b, one, two))
                    for one, two in combinations(shared, 2)
                ),
                key=lambda pair: -abs(pair.difference),
            )
        ),
        made_only=tuple(name for name in made.columns if name not in shared),
        real_only=tuple(name for name in real.columns if name not in shared),
    )


def _alike(made: pd.Series, real: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two columns as numbers, or both as texts; missing numbers stay NaN."""
    numbers = [
        pd.api.types.is_numeric_dtype(each) and not pd.api.types.is_bool_dtype(each)
        for each in (made, real)
    ]
    if all(numbers):
        return made.astype(float), real.astype(float)
    # Numbers are cut at their own quantiles, since the labels of the other table say theirs.
    return texts_of(made), texts_of(real)


def _separation(made: pd.DataFrame, real: pd.DataFrame, seed: int) -> Separation:
    rows = min(len(made), len(real))
    rng = np.random.default_rng(seed)
    parts = [
        each.iloc[np.sort(rng.choice(len(each), rows, replace=False))] for each in (made, real)
    ]
    both = pd.concat(parts, ignore_index=True)
    is_real = np.repeat([0, 1], rows)
    codes = both.copy()
    for name in codes:
        if not pd.api.types.is_numeric_dtype(codes[name]):
            codes[name] = pd.factorize(codes[name], sort=True)[0]
    # With scikit-learn's own 20, the trees of a small table have no split.
    leaf = min(20, max(2, rows // 7))
    classifier = HistGradientBoostingClassifier(
        random_state=seed, max_iter=100, min_samples_leaf=leaf
    )
    # Its threads would wait for each other on a machine with other load.
    with threadpool_limits(1):
        chances = cross_val_predict(
            classifier,
            codes.to_numpy(dtype=float),
            is_real,
            groups=_copies(codes),
            cv=StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed),
            method="predict_proba",
        )
    auc = float(roc_auc_score(is_real, chances[:, 1]))
    half = float(stats.norm.ppf(0.5 + LEVEL / 2)) * _standard_error(auc, rows)
    return Separation(auc, max(0.0, auc - half), min(1.0, auc + half), rows)


def _copies(codes: pd.DataFrame) -> np.ndarray:
    """Number of a group for each row, so that equal rows are in one fold.

    A copy of a row in the other table would otherwise say that the row is of that table. Rows of
    which there are many, and those of tables with few different rows, may be in several folds:
    their shares are what is to be learned.
    """
    content = codes.groupby(list(codes.columns), dropna=False, sort=False).ngroup().to_numpy()
    copies = np.bincount(content)
    many = (copies[content] > MANY_COPIES) | (len(copies) < FEW_CONTENTS)
    return np.where(many, len(codes) + np.arange(len(codes)), content)


def _standard_error(auc: float, rows: int) -> float:
    """Standard error of the area, with ``rows`` in each class (Hanley and McNeil 1982, eq. 2)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (rows - 1) * (q1 - auc**2) + (rows - 1) * (q2 - auc**2)
    return float(np.sqrt(max(variance, 0.0)) / rows)


def _distance(name: str, made: pd.Series, real: pd.Series) -> ColumnDistance:
    if pd.api.types.is_numeric_dtype(made):
        known = [each.dropna().to_numpy() for each in (made, real)]
        empty = not all(map(len, known))
        distance = float("nan") if empty else float(stats.ks_2samp(*known).statistic)
        words = [f"mean {each.mean():.3g}, SD {each.std():.3g}" for each in (made, real)]
        return ColumnDistance(name, "numbers", distance, *words)
    shares = [each.value_counts(normalize=True) for each in (made, real)]
    both = pd.concat(shares, axis=1).fillna(0.0).to_numpy(dtype=float)
    distance = float(np.abs(both[:, 0] - both[:, 1]).sum() / 2)
    return ColumnDistance(name, "categories", distance, *map(_most_frequent, shares))


def _most_frequent(shares: pd.Series) -> str:
    return ", ".join(f"{value} {share:.0%}" for value, share in shares.head(3).items())


def _association(table: pd.DataFrame, first: str, second: str) -> float:
    """Cramer's V without its bias (Bergsma 2013, JKSS 42(3)); numbers are cut at quantiles."""
    counts = pd.crosstab(_coarse(table[first]), _coarse(table[second])).to_numpy()
    n, (rows, columns) = counts.sum(), counts.shape
    if min(rows, columns) < 2:
        return 0.0
    phi = stats.chi2_contingency(counts, correction=False).statistic / n
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    size = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(phi / size)) if size > 0 else 0.0


def _coarse(values: pd.Series) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(values):
        return values
    if values.nunique() <= _MOST_VALUES:
        return values.astype(str)
    return pd.qcut(values, 5, duplicates="drop").astype(str)


def verdict(separation: Separation) -> str:
    """What the area under the curve says, in one sentence."""
    if separation.low > 0.5:
        strength = "easily" if separation.auc > 0.8 else "better than by chance"
        return f"A classifier tells made rows from real ones {strength}."
    if separation.high < 0.5:
        return (
            "A classifier does not tell made rows from real ones: it is wrong more often than by "
            "chance, as happens with few rows, or few different ones. Look at the distances of the "
            "columns."
        )
    return "A classifier does not tell made rows from real ones better than by chance."
