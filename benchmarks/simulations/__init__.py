"""Measure estimators on simulated data: the coverage of their intervals, and their seconds.

``python -m benchmarks.simulations --help`` says how to measure one, a plugin included.
"""
