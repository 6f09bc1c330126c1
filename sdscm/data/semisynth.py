"""Make semi-synthetic datasets: the covariates of a table, and effects of models fitted to it.

The way of RealCause (Neal et al. 2020, arXiv 2011.15007), Credence (Parikh et al. 2022, arXiv
2202.04208) and the WGANs of Athey et al. (2021, arXiv 1909.02210), with two differences: the rows
of the table are used as they are, instead of drawn from a model, and treatment and outcome are
fitted by linear models or boosted trees, which need fewer rows than networks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.special import log_expit

from sdscm.arguments import check_type
from sdscm.data.calibrated_fit import Fit, fit_calibrated
from sdscm.data.dataset import CausalDataset, Provenance, Setting
from sdscm.errors import InputError
from sdscm.literals import Learner, NoiseCoupling, TableRows
from sdscm.sampling.dials import Dials
from sdscm.sampling.noise import uniform_noise

#: Fewest rows of each arm, and of each value of an outcome with two values.
FEWEST_ROWS = 10
#: The CATE given some of the covariates is known if their values repeat: rows for each combination.
REPEATED = 10


def fitted_warning(description: str) -> str:
    """Say what a ranking on these data rests on, given `FittedTable.description`."""
    return (
        f"the effects are those of models fitted to {description}; a ranking rests on these models "
        "and may not hold for the real effects (arXiv 2605.10430), so see if it holds when the "
        "dials are turned"
    )


@dataclass(frozen=True, eq=False)
class FittedTable:
    """A table, and models of its treatment and outcome.

    Attributes
    ----------
    table
        The rows of the table; their effects are unknown.
    treatment, outcome
        The models.
    values
        The two values of an outcome that has two, the smaller first; None for other outcomes.
    """

    table: CausalDataset
    treatment: Fit
    outcome: Fit
    values: tuple[float, float] | None

    @property
    def description(self) -> str:
        """The table and the models in a few words."""
        name = self.table.meta.scenario
        return f"{name} (treatment: {self.treatment}; outcome: {self.outcome})"

    def dataset(
        self,
        seed: int,
        *,
        n: int | None = None,
        rows: TableRows = "keep",
        dials: Dials | None = None,
        noise: float | None = None,
        noise_coupling: NoiseCoupling = "shared",
    ) -> CausalDataset:
        """Draw treatments and outcomes for rows of the table; the truth is that of the models.

        The treatment of a row is drawn with its propensity e(x). For an outcome of numbers,
        ``y0 = mu0(x) + u`` and ``y1 = mu1(x) + u``, where u is a residual of the outcome model,
        drawn independently of everything. For an outcome with two values, the larger one is drawn
        with the probability mu(t, x). So the propensity and the CATE mu1(x) - mu0(x) are exact.

        Parameters
        ----------
        seed
            Seed of the draws. Those of a row do not depend on the dials.
        n
            Number of rows; all by default. A smaller dataset is a part of a larger one, up to the
            scale of ``noise`` if that is given.
        rows
            ``keep`` takes each row of the table at most once, ``bootstrap`` draws rows with
            replacement.
        dials
            As for SD-SCMs, with the same formulas; see `sdscm.sampling.dials.Dials`. ``effect`` is
            a factor on mu1 - mu0, and for an outcome with two values a factor on the difference of
            their log-odds.
        noise
            SD of u in units of SD(y) without noise; by default that of the residuals. An outcome
            with two values has no other noise than its draw.
        noise_coupling
            ``shared``: both potential outcomes of a row have the same noise. ``independent``: each
            has its own, so that the ITE differs from the CATE.

        Returns
        -------
        CausalDataset with the CATE in the setting ``all``. In the setting ``hidden`` the CATE is
        the mean over the rows of the table with the same shown values. It is unknown if there are
        fewer than ten rows for each combination of shown values: the mean would be over a few rows
        and no more than their ITEs.

        Raises
        ------
        InputError
            If ``n`` or ``noise`` do not suit the table.
        """
        check_draw(self.table, n, rows, noise)
        dials = dials or Dials()
        chosen, ids = _chosen(len(self.table), n, rows, seed)
        propensity = np.exp(dials.treatment(_pair(self.treatment.scores[0])))[:, 1]
        control, treated = self._means(dials)
        cate = treated - control

        def uniform(stream: str) -> np.ndarray:
            """Numbers in (0, 1) of the chosen rows, of shape (n, 2)."""
            return uniform_noise(seed, f"semi-synthetic {stream}", 0, int(ids.max()) + 1, 2)[ids]

        t = (uniform("treatment")[:, 0] < propensity[chosen]).astype(np.int8)
        means = np.stack([control[chosen], treated[chosen]])
        arms = [0, 0] if noise_coupling == "shared" else [0, 1]
        u = uniform("outcome").T[arms]
        options: dict[str, object] = {
            "contrast": list(self.table.contrast),
            **asdict(dials),
            "noise_coupling": noise_coupling,
            "rows": rows,
            "fitted": self.description,
        }
        if self.values is None:
            potential, options["noise"] = self._noisy(means, t, u, noise)
        else:
            low, high = self.values
            potential = np.where(low + (high - low) * u < means, high, low)
        cates: dict[Setting, np.ndarray] = {"all": cate[chosen]}
        hidden = self._hidden_cate(cate)
        if hidden is not None:
            cates["hidden"] = hidden[chosen]
        labels = self.table.labels
        return CausalDataset(
            X=self.table.X.iloc[chosen].reset_index(drop=True),
            t=t,
            y0=potential[0],
            y1=potential[1],
            propensity=propensity[chosen],
            labels=None if labels is None else labels.iloc[chosen].reset_index(drop=True),
            exogenous=self.table.exogenous,
            cates=cates,
            meta=Provenance(
                scenario=f"semi-synthetic {self.table.meta.scenario}", seed=seed, options=options
            ),
        )

    def _means(self, dials: Dials) -> tuple[np.ndarray, np.ndarray]:
        """Expected outcomes of all rows under control and treatment."""
        control, treated = self.outcome.scores
        if self.values is None:
            return control, control + dials.effect * (treated - control)
        under_control = _pair(control)
        changed = dials.child(_pair(treated), under_control)
        low, high = self.values
        zero, one = (low + (high - low) * np.exp(logs[:, 1]) for logs in (under_control, changed))
        return zero, one

    def _noisy(
        self, means: np.ndarray, t: np.ndarray, u: np.ndarray, noise: float | None
    ) -> tuple[np.ndarray, float]:
        """Add residuals to the means, both of shape (2, n); return the noise in SD(y), too."""
        pool = np.sort(self.outcome.residuals)
        drawn, sd = pool[(u * len(pool)).astype(int)], float(pool.std())
        plain = float(np.where(t == 1, means[1], means[0]).std())
        if noise is None:
            return means + drawn, sd / plain if plain > 0 else float("inf")
        if noise and not sd:
            raise InputError(
                f"noise {noise:g}: the model of the outcome has no residual to scale; leave it out"
            )
        return means + (drawn * (noise * plain / sd) if noise else 0.0), noise

    def _hidden_cate(self, cate: np.ndarray) -> np.ndarray | None:
        """Mean of the CATE over rows with the same shown values; None if they do not repeat."""
        shown = self.table.X.drop(columns=list(self.table.exogenous))
        if not self.table.exogenous or shown.shape[1] == 0:
            return None
        groups = shown.groupby(list(shown), sort=False).ngroup().to_numpy()
        if len(groups) < REPEATED * (groups.max() + 1):
            return None
        return np.asarray((np.bincount(groups, cate) / np.bincount(groups))[groups])


def check_models(table: CausalDataset) -> None:
    """Check that models can be fitted to a table.

    Raises
    ------
    InputError
        If an arm, or a value of an outcome with two values, has too few rows, or the outcome
        varies too little for double precision.
    """
    where, y = table.meta.scenario, table.y
    counts = [(f"the treatment is {v}", table.t == k) for k, v in enumerate(table.contrast)]
    if _values(y):
        counts += [(f"the outcome is {value:g}", y == value) for value in sorted(set(y))]
    for what, here in counts:
        if here.sum() < FEWEST_ROWS:
            raise InputError(
                f"{where}: {what} in {here.sum()} of {len(y)} rows; models need at least "
                f"{FEWEST_ROWS} of them"
            )
    if not 0 < float(y.std()) < np.inf:
        raise InputError(f"{where}: the outcome varies by too little; give it in a smaller unit")


def check_draw(table: CausalDataset, n: int | None, rows: TableRows, noise: float | None) -> None:
    """Check arguments of `FittedTable.dataset` against the table; raise an InputError."""
    if n is not None and (n < 1 or (rows == "keep" and n > len(table))):
        raise InputError(
            f"{n:,} units: the table has {len(table):,} rows; give at most as many, or draw rows "
            "with replacement (bootstrap)"
        )
    if noise is None:
        return
    if not 0 <= noise < np.inf:
        raise InputError(f"noise {noise}: give a number of 0 (none) or more, in SD(y)")
    if _values(table.y):
        raise InputError(
            f"noise {noise:g}: the outcome has two values, which are drawn; leave the noise out"
        )


def fit_models(table: CausalDataset, learner: Learner = "auto") -> FittedTable:
    """Fit models of treatment and outcome to a table.

    `sdscm.data.calibrated_fit.fit_calibrated` describes the models. They depend on the table and
    the learner only.

    Parameters
    ----------
    table
        A dataset whose effects are unknown. ``labels`` hold categories, which become indicators.
    learner
        ``linear``, ``boosted``, or ``auto``: for treatment and outcome each the one with the
        smaller out-of-fold loss (log loss of two values, squared error of numbers).

    Raises
    ------
    InputError
        See `check_models`.
    """
    check_type("fit_models", table, CausalDataset, "give a CausalDataset")
    check_models(table)
    X, t, y = _matrix(table), table.t.astype(float), table.y.astype(float)
    values = _values(y)
    target = (y == values[1]).astype(float) if values else (y - y.mean()) / y.std()
    treatment = fit_calibrated(X, t, None, learner, binary=True)
    outcome = fit_calibrated(X, target, table.t.astype(int), learner, binary=values is not None)
    if values is None:
        sd = y.std()
        outcome = replace(
            outcome, scores=y.mean() + sd * outcome.scores, residuals=sd * outcome.residuals
        )
    return FittedTable(table, treatment, outcome, values)


def _values(y: np.ndarray) -> tuple[float, float] | None:
    """The values of an outcome that has two."""
    found = np.unique(y)
    return (float(found[0]), float(found[1])) if len(found) == 2 else None


def _pair(scores: np.ndarray) -> np.ndarray:
    """Log-probabilities of both values, of shape (n, 2), given the log-odds of the second."""
    return np.column_stack([log_expit(-scores), log_expit(scores)])


def _chosen(size: int, n: int | None, rows: TableRows, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the table, and the numbers of the units that their noise belongs to."""
    stream = "semi-synthetic rows"
    if rows == "bootstrap":
        ids = np.arange(size if n is None else n)
        return (uniform_noise(seed, stream, 0, len(ids), 1)[:, 0] * size).astype(int), ids
    order = np.argsort(uniform_noise(seed, stream, 0, size, 1)[:, 0], kind="stable")
    kept = np.sort(order[:n])
    return kept, kept


def _matrix(table: CausalDataset) -> np.ndarray:
    """The covariates as numbers: indicators of all values of a category but the first."""
    columns = []
    for name in table.X:
        codes = table.X[name].to_numpy(dtype=float)
        named = table.labels is not None and name in table.labels
        columns += [codes == value for value in np.unique(codes)[1:]] if named else [codes]
    return np.column_stack([*columns, np.zeros(len(table))]).astype(float)
