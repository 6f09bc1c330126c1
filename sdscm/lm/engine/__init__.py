"""The packed scorer for local language models."""
