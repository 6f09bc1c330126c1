"""The values that options take, as types.

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

#: Arithmetic of a language model. ``float32``: matrix products in full float32. ``float32-fast``:
#: the processor may round the factors of a product to TF32 or bfloat16 (GPUs, and CPUs with AMX;
#: elsewhere it equals ``float32``). ``bfloat16``: weights and activations have 16 bits. The errors
#: of each are in docs/explanation/performance.md. ``float64``: twice the time of ``float32``;
#: scores are rounded to 2^-20, so that all processors give the same scores.
Precision = Literal["float32", "float32-fast", "bfloat16", "float64"]

#: What an estimator sees; `sdscm.data.settings` describes each.
Setting = Literal["all", "hidden", "randomised", "instrument", "text", "proxies"]
#: The two settings of the paper: all covariates, or without the exogenous ones.
SETTINGS: tuple[Setting, ...] = ("all", "hidden")

#: Covariates that descend from the treatment: left out of X, or part of it.
PostTreatment = Literal["hide", "show"]
NoiseCoupling = Literal["shared", "independent"]

#: Sentences of the setting ``text``: those of the phrasing, or others for each unit.
TextPhrasing = Literal["shared", "each"]

#: Models that are fitted to a table; ``auto`` chooses between the others.
Learner = Literal["auto", "linear", "boosted"]
#: Rows of semi-synthetic data: each row of the table at most once, or drawn with replacement.
TableRows = Literal["keep", "bootstrap"]

DEFAULT_LM = "smollm2-135m"
