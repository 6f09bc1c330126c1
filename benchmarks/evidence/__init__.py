"""What an estimator is worth on known synthetic truths: its error, its intervals, its seconds.

``python -m benchmarks.evidence --help`` tells how to measure one, a plugin of yours included.
"""

from benchmarks.evidence.claims import Claim, claims_consistency, claims_coverage
from benchmarks.evidence.truths import TRUTHS, Truth

__all__ = ["TRUTHS", "Truth", "Claim", "claims_consistency", "claims_coverage"]
