"""Packed records that are marked as made by the installed code."""

from __future__ import annotations

import pandas as pd
from stamp import stamped

from benchmarks.paper.records import identities


def test_older_records_get_the_identity_of_today_and_keep_their_own():
    now = identities(["LinReg", "RF"])
    records = pd.DataFrame(
        {
            "method": ["LinReg", "LinReg", "RF", "RF"],
            "identity": [now["LinReg"], "older", "older", "oldest"],
            "made_with": ["", "", "", "first"],
        }
    )
    changed, counts = stamped(records, ["LinReg"])
    assert changed["identity"].tolist() == [now["LinReg"]] * 2 + ["older", "oldest"]
    assert changed["made_with"].tolist() == ["", "older", "", "first"]
    assert counts.to_dict() == {"LinReg": 1}
    changed, counts = stamped(records, ["LinReg", "RF"])
    assert set(changed["identity"]) == set(now.values())
    assert changed["made_with"].tolist() == ["", "older", "older", "first"]
    assert counts.to_dict() == {"LinReg": 1, "RF": 2}
