"""Limits of a worker process: threads, memory, and what a library may change."""
