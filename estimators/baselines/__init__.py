"""Baselines; they need no library but scikit-learn."""
