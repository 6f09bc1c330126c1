"""Dials that give a benchmark a wanted difficulty."""
