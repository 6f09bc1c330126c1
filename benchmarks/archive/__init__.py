"""Releases as files: safe reading of folders and zips, hashes, and equal bytes on writing."""
