"""Check that a discovery method keeps its contract."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd

from benchmarks.discovery import registry
from benchmarks.discovery.job import DiscoveryJob
from benchmarks.discovery.scores import GraphTruth
from benchmarks.discovery.tables import DiscoveryTable
from benchmarks.tasks.runner import execute
from sdscm.errors import InputError

_NAMES = ("age", "town", "drug", "cure")
_EDGES = (("age", "drug"), ("town", "drug"), ("drug", "cure"))


def check_method(name: str) -> None:
    """Run a method on small tables, and raise an error if it breaks its contract.

    It must give a graph over the columns of the table, leave the table as it is, and give the same
    graph again for the same seed: on ordinary rows, on 20 rows, with a constant variable, and with
    variables that are all independent.

    Raises
    ------
    InputError
        If it does not.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> discovery.check_method("Entropy sort")
    """
    info = registry.get(name)
    for what, table in _tables().items():
        seen = table.anonymous(info.needs, seed=0)
        job = DiscoveryJob(name, seen.codes, seen.shown, seed=0)
        first, second = execute(job), execute(job)
        if first.answer is None:
            raise InputError(f"discovery method '{name}': {what}: {first.reason}")
        if second.answer is None or not np.array_equal(first.answer.ends, second.answer.ends):
            raise InputError(
                f"discovery method '{name}': {what}: two runs with one seed give different graphs; "
                "take random_state as a parameter"
            )


def _tables() -> dict[str, DiscoveryTable]:
    dag = nx.DiGraph(_EDGES)
    strong, flat = _joint(0.85), _joint(0.5)
    truth = GraphTruth(dag, _NAMES)
    drawn = _rows(strong, 400)
    tables = {
        "ordinary rows": (drawn, strong),
        "20 rows": (drawn.head(20), strong),
        "a constant variable": (drawn.assign(town=0), strong),
        "independent variables": (_rows(flat, 400), flat),
    }
    pairwise = pd.DataFrame(np.arange(16.0).reshape(4, 4) - 8, _NAMES, _NAMES)
    return {
        what: DiscoveryTable(
            "check", 0, codes, truth, {"dag": dag, "joint": joint, "pairwise": pairwise}
        )
        for what, (codes, joint) in tables.items()
    }


def _joint(share: float) -> np.ndarray:
    """P(age, town, drug, cure): with this probability an effect equals a function of its causes."""
    joint = np.zeros((2, 3, 2, 2))
    for age, town, drug, cure in np.ndindex(joint.shape):
        likely = int(age == 1 and town > 0)
        joint[age, town, drug, cure] = (
            (share if drug == likely else 1 - share) * (share if cure == drug else 1 - share) / 6
        )
    return joint


def _rows(joint: np.ndarray, n: int) -> pd.DataFrame:
    drawn = np.random.default_rng(0).choice(joint.size, n, p=joint.ravel())
    return pd.DataFrame(np.column_stack(np.unravel_index(drawn, joint.shape)), columns=list(_NAMES))
