"""Functions that several estimators use."""
