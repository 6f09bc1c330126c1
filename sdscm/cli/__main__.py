"""``python -m sdscm.cli`` is the command ``sdscm``."""

import sys

from sdscm.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
