"""Intervals and tests over the phrasings of an audit."""
