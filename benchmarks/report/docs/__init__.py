"""Generate parts of docs/ from code and results."""
