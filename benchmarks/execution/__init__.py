"""Cells, and the workers that run them."""
