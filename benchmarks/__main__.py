"""Run the command ``sdscm`` as ``python -m benchmarks``, where the script is not on the path."""

import sys

from benchmarks.cli import main

if __name__ == "__main__":
    sys.exit(main())
