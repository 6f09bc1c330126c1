"""How well made data can be told from a real table."""
