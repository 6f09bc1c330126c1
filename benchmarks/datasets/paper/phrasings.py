"""Recover the phrasings of datasets from their scores, because the files do not name them."""

from __future__ import annotations

import numpy as np

#: Root mean squared distance of the scores of equal rows below which two datasets have one
#: phrasing. Measured: at most 1e-5 within a phrasing (Llama, rounding of its 16-bit arithmetic and
#: of the sums here), at least 0.09 between two phrasings.
TOLERANCE = 1e-3
#: Number of covariate rows to compare: those that most datasets have in common.
_COMPARED = 4000


def recover(X: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Number the phrasings of datasets.

    A language model gives equal texts equal scores, and two phrasings of one row are different
    texts. Datasets are linked where the rows that they share have the same scores.

    Parameters
    ----------
    X : integers of shape (datasets, rows, p)
        Values of all that the scores depend on.
    scores : array of shape (datasets, rows, k)
        Scores of each row.

    Returns
    -------
    Array of shape (datasets,): the phrasing of each, numbered in the order of appearance. Datasets
    that share no row with any other are phrasings of their own.
    """
    datasets, rows = X.shape[:2]
    cell, column = _common_rows(X.reshape(datasets * rows, -1))
    owner = np.repeat(np.arange(datasets), rows)[cell]
    there = np.zeros((datasets, column.max() + 1))
    there[owner, column] = 1
    squares = np.zeros((datasets, datasets))
    for score in np.moveaxis(scores, -1, 0):
        table = np.zeros_like(there)
        table[owner, column] = score.reshape(-1)[cell]
        # Centred, because the difference of large squares is not accurate for small distances.
        table = (table - table.sum(axis=0) / there.sum(axis=0)) * there
        own = table**2 @ there.T
        squares += own + own.T - 2 * table @ table.T
    shared = there @ there.T
    linked = (shared > 0) & (squares <= TOLERANCE**2 * shared * scores.shape[-1])
    return _components(linked)


def disagreements(found: np.ndarray, expected: np.ndarray) -> int:
    """Count the datasets that two partitions put into different groups, whatever their labels.

    Groups are matched one to one so that as many datasets as possible agree.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = (np.unique(each, return_inverse=True)[1] for each in (found, expected))
    both = np.zeros((rows.max() + 1, columns.max() + 1), dtype=int)
    np.add.at(both, (rows, columns), 1)
    return len(found) - int(both[linear_sum_assignment(both, maximize=True)].sum())


def _common_rows(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the positions of the rows with the most frequent values, and number the values."""
    key = np.ravel_multi_index(tuple(X.T.astype(np.int64)), tuple(X.max(axis=0).astype(int) + 1))
    _, which, counts = np.unique(key, return_inverse=True, return_counts=True)
    chosen = np.argsort(-counts, kind="stable")[:_COMPARED]
    number = np.full(len(counts), -1)
    number[chosen] = np.arange(len(chosen))
    cell = np.flatnonzero(number[which] >= 0)
    return cell, number[which][cell]


def _components(linked: np.ndarray) -> np.ndarray:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(csr_array(linked), directed=False)
    _, first, member = np.unique(label, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return order[member]
