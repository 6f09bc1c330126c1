"""Intervals of the verdicts, compared with the numbers of other methods."""

from __future__ import annotations

import pandas as pd
import power
import pytest
from power import held_by_intervals, page

from benchmarks.paper.analysis.tables import tables
from benchmarks.paper.records import COLUMNS


def test_intervals_are_held_against_the_numbers_of_other_methods():
    """An interval from the third to the fifth of the other printed numbers holds these."""
    made = tables(pd.DataFrame(columns=list(COLUMNS)))
    assert held_by_intervals(made).empty
    part = made.query("table == 1 and lm == 'llama-3-8b' and setting == 'all' and metric == 'rmse'")
    printed = part.set_index("method")["published"].astype(float)
    others = printed[printed != printed["RF"]].sort_values()
    low, high = others.iloc[2], others.iloc[4]
    told = {"verdict": "reproduced", "difference": -0.001, "low": low, "high": high, "ours": low}
    # LinReg's verdict rests on digits, not on its interval.
    for method, reason in (("RF", "inside the interval over seeds"), ("LinReg", "the digits")):
        told["reason"] = reason
        made.loc[part.index[part["method"] == method], list(told)] = list(told.values())
    held = held_by_intervals(made).iloc[0].to_dict()
    inside = int(((others >= low) & (others <= high)).sum())
    assert 3 <= inside < len(others)
    assert (held["numbers"], held["inside"], held["others"]) == (1, inside, len(others))
    assert (held["difference"], held["half_width"]) == pytest.approx((0.001, (high - low) / 2))
    assert f" | {inside} of {len(others)} |" in page(made)


def test_records_are_needed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert power.main([]) == 2
    assert "run first: sdscm paper run" in capsys.readouterr().err
