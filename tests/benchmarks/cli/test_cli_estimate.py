"""``sdscm estimate``: estimates and their page; bad input is one line and leaves no file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import estimators

ASK = ("estimate", "data.csv", "--treatment", "drug", "--outcome", "y")


@pytest.fixture
def table(workspace) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.normal(50, 10, 100).round(1)
    drug = np.where(rng.random(100) < 1 / (1 + np.exp(-(age - 50) / 10)), "new", "old")
    frame = pd.DataFrame(
        {
            "age": age,
            "town": rng.choice(["Oslo", "Rome"], 100),
            "drug": drug,
            "y": (age / 10 + (drug == "new") + rng.normal(size=100)).round(3),
        }
    )
    frame.to_csv(workspace / "data.csv", index=False)
    return frame


def test_the_estimates_are_printed_and_written(cli, table, workspace):
    ran = cli(*ASK, "--treated", "new", "--estimators", "LinReg,IPW", "--hide", "age", "--out", "o")
    assert (ran.code, ran.err) == (0, "")
    X = pd.DataFrame({"age": table.age, "town=Rome": table.town == "Rome"}).astype(float)
    direct = estimators.get("LinReg").fit(X, table.drug == "new", table.y).ate(X)
    html, markdown = ((workspace / "o" / f"estimate.{k}").read_text() for k in ("html", "md"))
    for text in (ran.out, html, markdown):
        assert f"{direct:.3f}" in text
        assert "drug = new against old, 100 rows" in text
        assert "When a covariate is hidden" in text
    assert "src=" not in html.replace('src="data:', "")
    figures = sorted(path.name for path in (workspace / "o" / "figures").iterdir())
    assert all(f"figures/{name}" in markdown for name in figures)
    assert "effects-figure.png" in figures


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--hide", "height"), "--hide height: is not a covariate; the covariates are age, town"),
        (("--estimators", "Nothing"), "Nothing"),
        (("--estimators", "Oracle"), "needs the true effects"),
        (("--estimators", "LinReg,,IPW"), "--estimators: a name between two commas is empty"),
        (("--covariates", "age,weight"), "no column 'weight'"),
        (("--treated", "newer"), "--treated newer: the values of 'drug' are"),
        (("--outcome", "town"), "'town' is not numeric"),
        (("--treatment", "age"), "needs a column with two values"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(cli, table, untouched, options, message):
    ran = cli(*ASK, "--out", "report", *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_a_missing_table_is_one_line(cli):
    ran = cli("estimate", "none.csv", "--treatment", "t", "--outcome", "y")
    assert (ran.code, ran.err) == (2, "error: none.csv: no such file\n")
