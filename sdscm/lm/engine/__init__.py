"""Scorers for local language models: packed forward passes, and plain ones."""
