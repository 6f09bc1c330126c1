"""The words that options take, as types.

This module imports nothing else of the package, so that the command line can show its help without
loading the libraries that do the work.
"""

from __future__ import annotations

from typing import Literal

#: How the values of a variable are scored; `sdscm.sampling.scoring.SCORINGS` defines each.
ScoringName = Literal["definition", "value", "per-token", "per-byte", "pmi", "reference"]

#: Noise of a counterfactual: the unit's own (Gumbel-max), or drawn again as the paper does.
Coupling = Literal["gumbel", "redraw"]

#: The number that y is; see `sdscm.inference.outcome`.
OutcomeKind = Literal["log-probability", "probability", "expected-score", "category"]

#: The scale of an audited effect; see `sdscm.audit.effects.measure`.
MeasureKind = Literal["probability", "log-odds", "log-probability", "expected-score", "category"]

#: How the effects of an audit are computed; see `sdscm.audit.audit`.
AuditMethod = Literal["auto", "exact", "sample"]

#: Arithmetic of a language model. ``float32`` is exact: products of matrices are true float32.
#: ``float32-fast`` lets the processor round their factors (to TF32 or bfloat16, on GPUs and on CPUs
#: with AMX; on others it is the same). ``bfloat16`` keeps weights and activations in 16 bits.
#: docs/performance.md has the errors.
Precision = Literal["float32", "float32-fast", "bfloat16"]

#: Which covariates an estimator sees: all, or those that are not exogenous.
Setting = Literal["all", "hidden"]
SETTINGS: tuple[Setting, ...] = ("all", "hidden")

DEFAULT_LM = "smollm2-135m"
