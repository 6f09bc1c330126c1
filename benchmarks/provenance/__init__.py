"""Hashes of content and code, versions of libraries, and seeds."""
