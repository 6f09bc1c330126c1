"""Baselines and estimators that need no other library than scikit-learn."""
