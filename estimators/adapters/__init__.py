"""Adapters of libraries: each gives their estimators the interface of this package."""
