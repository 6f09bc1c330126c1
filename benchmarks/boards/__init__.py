"""Scores, rankings and leaderboards made from the records of a run."""
