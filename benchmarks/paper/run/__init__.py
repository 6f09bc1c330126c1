"""Cells of the paper's tables, and their records."""
