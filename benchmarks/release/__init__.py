"""Make and verify releases: frozen suites with the results of their methods, as files."""
