"""Measure estimators on simulated data: the coverage of their intervals, and their seconds.

``python -m benchmarks.simulations --help`` describes the command, which measures plugins, too.
"""
