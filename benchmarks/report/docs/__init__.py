"""Pages of docs/ that are made from code and results."""
