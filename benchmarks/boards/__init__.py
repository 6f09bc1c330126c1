"""Compute scores, rankings and leaderboards from the records of a run."""
