"""What an estimator is worth on known synthetic truths: its error, its intervals, its seconds.

``python -m benchmarks.simulations --help`` tells how to measure one, a plugin of yours included.
"""

from benchmarks.simulations.designs import TRUTHS, Truth
from benchmarks.simulations.exemptions import Claim, claims_consistency, claims_coverage

__all__ = ["TRUTHS", "Truth", "Claim", "claims_consistency", "claims_coverage"]
