"""Exact and Monte Carlo quantities of an SD-SCM."""
