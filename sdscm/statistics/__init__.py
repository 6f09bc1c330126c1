"""Statistics that audits and leaderboards share."""
