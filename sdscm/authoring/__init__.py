"""Help for authors of specs: skeletons, graphs, tables and phrasings become YAML that they edit."""
