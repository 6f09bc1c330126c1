"""Estimators of other libraries behind the common interface."""
