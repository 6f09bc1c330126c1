"""``python -m benchmarks.cli`` is the command ``sdscm``."""

import sys

from benchmarks.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
