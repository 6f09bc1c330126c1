"""Sampling from an SD-SCM: mechanisms, noise and interventions."""
