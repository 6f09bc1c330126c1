"""The command line ``sdscm``: the composition root, the one place that knows all three packages.

Commands import what they need when they run, so that ``sdscm --help`` is quick.
"""

from benchmarks.cli.entry import main

__all__ = ["main"]
