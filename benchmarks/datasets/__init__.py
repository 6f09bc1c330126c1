"""Datasets of a suite: their sources, their truth, and the covariates that a setting shows."""
