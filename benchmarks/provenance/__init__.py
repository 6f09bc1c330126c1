"""Hashes, versions and code: what decides a number."""
