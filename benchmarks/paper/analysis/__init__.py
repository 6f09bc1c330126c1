"""Comparison of our numbers with the published ones."""
