"""The datasets that the authors of the paper released."""
