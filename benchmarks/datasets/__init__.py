"""Datasets of a suite: where they come from, their truth, and what a setting shows of them."""
