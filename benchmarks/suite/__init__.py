"""Suites: what a user writes in YAML."""
