"""Specs that are shipped with the project: one YAML file each, loaded by name."""
