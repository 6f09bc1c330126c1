"""Generate parts of docs/ and of the README from code and results."""
