"""Estimates of the effect in a table without a known truth, and how far to trust them."""
