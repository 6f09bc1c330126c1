"""Test that a suite has the same board on two nodes of Ray as on this machine."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import benchmarks
from benchmarks.execution.ray_backend import connected
from sdscm.errors import InputError

pytest.importorskip("ray")

HOSTILE = Path(__file__).parents[1] / "hostile_plugin.py"
NAMESAKE = """
import estimators

@estimators.register("namesake", estimand="ATE")
class Namesake:
    def fit(self, X, t, y):
        return self

    def ate(self, X):
        return 1.0

@estimators.register("batched", estimand="ATE", fit_many="datasets")
class Batched:
    def fit(self, X, t, y):
        raise ValueError("alone")

    @classmethod
    def fit_many(cls, estimators, datasets):
        for one, (X, t, y) in zip(estimators, datasets):
            one.value = len(datasets) + y.mean()

    def ate(self, X):
        return self.value
"""


@pytest.fixture
def two_nodes():
    import ray
    from ray.cluster_utils import Cluster

    # A plain worker of one core and little memory each: the machine that tests may have both busy.
    node = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
def test_two_nodes_give_the_same_board(two_nodes, make_suite, tmp_path) -> None:
    suite = make_suite(
        datasets=2,
        settings=["all"],
        estimators=["LinReg", "RF", "Oracle", "DiffInMeans"],
        holdout=0.25,
        time_limit=20,
    )
    namesake = tmp_path / HOSTILE.name
    namesake.write_text(NAMESAKE)
    field = [*suite.estimators, "namesake", "batched", "peeks", "dies", "hangs", "nan"]
    results = [
        benchmarks.run(
            suite,
            estimators=field,
            plugins=[HOSTILE, namesake],
            cluster=cluster,
            runs_dir=tmp_path / f"runs-{cluster}",
            results_dir=tmp_path / f"results-{cluster}",
        )
        for cluster in (None, "auto")
    ]
    here, there = (result.scores.drop(columns=["seconds", "peak_memory"]) for result in results)
    same = here["estimator"] != "dies"  # Ray does not report how a process ended
    pd.testing.assert_frame_equal(here[same], there[same], check_exact=True)
    assert here["status"].tolist() == there["status"].tolist()
    assert set(here["status"]) == {"ok", "failed", "timeout"}
    assert (here[here["estimator"] == "batched"]["status"] == "ok").all()
    tables = [(result.files[0].parent / "scores.csv").read_text() for result in results]
    tables = [[line for line in table.splitlines() if ",dies," not in line] for table in tables]
    assert tables[0] == tables[1]
    assert len(tables[0]) > len(here) / 2
    with connected("auto", 1) as workers:
        assert workers == 2
    with pytest.raises(InputError, match="no node has 2 cores"), connected("auto", 2):
        pass


def test_a_missing_cluster_is_one_line(make_suite, tmp_path) -> None:
    with pytest.raises(InputError, match="no Ray cluster found") as caught:
        benchmarks.run(
            make_suite(datasets=1),
            cluster="127.0.0.1:1",
            runs_dir=tmp_path / "runs",
            results_dir=None,
        )
    assert "\n" not in str(caught.value)
