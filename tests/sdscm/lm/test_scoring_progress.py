"""The line on a model's progress has texts, tokens and the time left."""

from __future__ import annotations

from sdscm.lm import Choice
from sdscm.lm.scoring_progress import ScoringProgress

# 8 letters with the space, then 2 x 12: in all 2 x 20 letters, 10 tokens.
CHOICE = Choice(("It is 3",), "Yes or no: ", ("a", "b"), "")


def test_the_line_counts_and_estimates() -> None:
    now = [100.0]
    progress = ScoringProgress("big", [CHOICE] * 4000, lambda: now[0])
    now[0] = 150.0  # the model is loaded
    begin = "big: 0 of 4,000 contexts scored (0 of 8,000 texts, 0 of 40,000 tokens)"
    assert progress.line() == begin
    now[0] = 200.0
    assert progress.line() == begin  # no speed is known
    for _ in range(1000):
        progress.add(CHOICE)
    assert progress.line() == (
        "big: 1,000 of 4,000 contexts scored (2,000 of 8,000 texts, 10,000 of 40,000 tokens), "
        "about 3 min left for them"
    )


def test_the_time_of_a_short_begin_is_no_evidence() -> None:
    now = [0.0]
    progress = ScoringProgress("big", [CHOICE] * 2, lambda: now[0])
    progress.line()
    progress.add(CHOICE)
    now[0] = 1.0
    assert "left" not in progress.line()
