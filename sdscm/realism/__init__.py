"""Comparison of made data with a real table."""
