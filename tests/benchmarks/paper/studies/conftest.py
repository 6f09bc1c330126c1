"""The scripts of examples/paper_studies can be imported, as beside each other when they run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[4] / "examples" / "paper_studies"))
