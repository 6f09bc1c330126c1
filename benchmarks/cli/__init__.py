"""Define the command line ``sdscm``. It is the only package that uses all three packages.

Commands import modules when they run, so that ``sdscm --help`` is fast.
"""

from benchmarks.cli.entry import main

__all__ = ["main"]
