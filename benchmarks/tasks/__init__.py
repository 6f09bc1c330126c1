"""Shared by the tasks with boards of their own, such as discovery: cells, records, and boards."""
